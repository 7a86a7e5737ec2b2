/* SPDX-License-Identifier: BSD-3-Clause */
#include "controlplane/lib/utf8.h"

#include <stdint.h>

bool utf8_is_valid(const char *text)
{
	/* The least code point that needs a sequence of this many further octets. */
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const uint8_t *p = (const uint8_t *)text;

	while (*p) {
		uint8_t head = *p++;
		unsigned more = head < 0x80 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3;
		uint32_t code = more ? head & (0x3f >> more) : head;

		if ((head >= 0x80 && head < 0xc2) || head > 0xf4)
			return false;
		for (unsigned i = 0; i < more; i++, p++) {
			if ((*p & 0xc0) != 0x80)
				return false;
			code = code << 6 | (*p & 0x3f);
		}
		if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
			return false;
	}
	return true;
}
