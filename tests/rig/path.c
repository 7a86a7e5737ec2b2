/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/rig/path.h"

Tandem__Dataplane__V1__PutPath path_from(const struct side *from, const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = TANDEM__DATAPLANE__V1__PUT_PATH__INIT;

	put.from = from->leg;
	put.to = to->leg;
	return put;
}

void path_put(struct scene *s, const Tandem__Dataplane__V1__PutPath *put)
{
	assert_int_equal(registry_put_path(s->relay->registry, put, &s->relay->what), 0);
	relay_run(s->relay);
}

void path_own(struct scene *s, const struct side *from, const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	path_put(s, &put);
}

void path_branch(struct scene *s, const struct side *from, const struct side *to)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);

	put.branch = true;
	path_put(s, &put);
}

void path_only(struct scene *s, const struct side *from, const struct side *to, bool branch,
	       unsigned int type)
{
	Tandem__Dataplane__V1__PutPath put = path_from(from, to);
	uint8_t types[16] = {0};

	types[type / 8] = 1 << type % 8;
	put.branch = branch;
	put.payload_types = (ProtobufCBinaryData){sizeof(types), types};
	path_put(s, &put);
}

void path_end(struct scene *s, const struct side *from, const struct side *to)
{
	assert_int_equal(relay_delete_path(s->relay, from->leg, to->leg), 0);
	relay_run(s->relay);
}
