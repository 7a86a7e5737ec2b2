/* SPDX-License-Identifier: BSD-3-Clause */
/* What is kept of calls for the control plane: as it came, bounded, a page at a time. */
#include "dataplane/main/legs/keep.h"

#include <errno.h>

#include "tests/rig/bench.h"
#include "tests/rig/test.h"

#define MOST 70
#define PAGE 100000 /* octets */

static struct keep *kept;
static uint8_t blob[61441];
static const char *what;

static int create(void **state)
{
	return keep_create(&kept, MOST);
}

static int destroy(void **state)
{
	keep_destroy(kept);
	return 0;
}

static int put(uint64_t call, uint8_t octet, size_t size)
{
	Tandem__Dataplane__V1__PutCall m = TANDEM__DATAPLANE__V1__PUT_CALL__INIT;

	memset(blob, octet, size);
	m.call = call;
	m.blob = (ProtobufCBinaryData){size, blob};
	return keep_put(kept, &m, &what);
}

/* Takes a page; its calls are of `octets[call]`. Returns where the next one begins. */
static uint64_t get(uint64_t after, size_t sizes[MOST + 1], const uint8_t octets[MOST + 1])
{
	Tandem__Dataplane__V1__Reply *reply = calloc(1, sizeof(*reply));
	uint64_t next;

	tandem__dataplane__v1__reply__init(reply);
	assert_int_equal(keep_get(kept, after, PAGE, reply, &what), 0);
	assert_in_range(tandem__dataplane__v1__reply__get_packed_size(reply), 0, PAGE + 61440);
	for (size_t k = 0; k < reply->n_calls; k++) {
		const Tandem__Dataplane__V1__Call *call = reply->calls[k];

		assert_in_range(call->call, 1, MOST);
		assert_int_equal(sizes[call->call], SIZE_MAX); /* not twice */
		sizes[call->call] = call->blob.len;
		for (size_t i = 0; i < call->blob.len; i++)
			assert_int_equal(call->blob.data[i], octets[call->call]);
	}
	next = reply->next;
	tandem__dataplane__v1__reply__free_unpacked(reply, NULL);
	return next;
}

static unsigned int get_all(size_t sizes[MOST + 1], const uint8_t octets[MOST + 1])
{
	unsigned int pages = 0;
	uint64_t after = 0;

	memset(sizes, 0xff, (MOST + 1) * sizeof(sizes[0]));
	do {
		after = get(after, sizes, octets);
		pages++;
	} while (after);
	return pages;
}

static void keeps_what_it_got_last(void **state)
{
	uint8_t octets[MOST + 1] = {[1] = 'a', [2] = 'b', [3] = 'c'};
	size_t sizes[MOST + 1];

	assert_int_equal(get_all(sizes, octets), 1);
	assert_int_equal(put(1, 'x', 100), 0);
	assert_int_equal(put(2, 'b', 0), 0);
	assert_int_equal(put(3, 'c', 61440), 0);
	assert_int_equal(put(1, 'a', 7), 0);
	assert_int_equal(get_all(sizes, octets), 1);
	assert_int_equal(sizes[1], 7);
	assert_int_equal(sizes[2], 0);
	assert_int_equal(sizes[3], 61440);
	assert_int_equal(keep_delete(kept, 3, &what), 0);
	assert_int_equal(keep_delete(kept, 3, &what), -ENOENT);
	assert_string_equal(what, "call: no such call");
	get_all(sizes, octets);
	assert_int_equal(sizes[3], SIZE_MAX);
}

static void pages(void **state)
{
	uint8_t octets[MOST + 1];
	size_t sizes[MOST + 1];

	for (uint64_t call = 1; call <= MOST; call++) {
		octets[call] = call;
		assert_int_equal(put(call, call, 800 * call), 0);
	}
	assert_in_range(get_all(sizes, octets), 20, 40); /* 2 MB */
	for (uint64_t call = 1; call <= MOST; call++)
		assert_int_equal(sizes[call], 800 * call);
}

static void names_what_is_wrong(void **state)
{
	assert_int_equal(put(0, 1, 1), -EINVAL);
	assert_string_equal(what, "call: needs an id that is not 0");
	assert_int_equal(put(1, 1, 61441), -EMSGSIZE);
	assert_string_equal(what, "blob: larger than 60 KiB");
	for (uint64_t call = 1; call <= MOST; call++)
		assert_int_equal(put(call, 1, 1), 0);
	assert_int_equal(put(MOST + 1, 1, 1), -ENOSPC);
	assert_string_equal(what, "no room for another call: raise [dataplane] legs");
	assert_int_equal(put(MOST, 1, 2), 0); /* it has room */
	assert_int_equal(keep_delete(kept, 5, &what), 0);
	assert_int_equal(put(MOST + 1, 1, 1), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keeps_what_it_got_last),
		CASE(pages),
		CASE(names_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, bench_environment, NULL);
}
