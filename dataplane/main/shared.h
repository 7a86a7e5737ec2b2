/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects that several name: `users` counts them, and the last one frees the object. A maker is its
 * first user. Main lcore only, so the count is a plain number.
 */
#ifndef TANDEM_SHARED_H
#define TANDEM_SHARED_H

/* One user more; returns `object`. NULL is accepted. */
#define shared_hold(object)                                                                        \
	({                                                                                         \
		__typeof__(object) shared_ = (object);                                             \
		if (shared_)                                                                       \
			shared_->users++;                                                          \
		shared_;                                                                           \
	})

/* One user less; true if that was the last one, and the caller frees `object`. NULL is accepted. */
#define shared_release(object)                                                                     \
	({                                                                                         \
		__typeof__(object) shared_ = (object);                                             \
		shared_ && --shared_->users == 0;                                                  \
	})

#endif
