/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of records: whole lines, whatever breaks off. */
#include "controlplane/cdr/cdr_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/rig/test.h"

#define LINE(number) "{\"version\":1,\"record\":\"" number "\",\"call_id\":\"c\"}\n"
#define ONE          LINE("00000000000000a1")
#define TWO          LINE("fedcba9876543210")

static char path[64];
static struct cdr_file file;

static int set_up(void **state)
{
	strcpy(path, "/tmp/tandem-cdr-XXXXXX");
	close(mkstemp(path));
	unlink(path);
	file = (struct cdr_file){path, -1};
	signal(SIGXFSZ, SIG_IGN);
	return 0;
}

static int tear_down(void **state)
{
	cdr_file_close(&file);
	unlink(path);
	return 0;
}

static void write_text(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void assert_text(const char *text)
{
	char now[4096] = "";
	int fd = open(path, O_RDONLY);

	assert_true(read(fd, now, sizeof(now) - 1) >= 0);
	close(fd);
	assert_string_equal(now, text);
}

static void append(const char *lines)
{
	int error;

	assert_int_equal(cdr_file_append(&file, lines, strlen(lines), &error), strlen(lines));
	assert_int_equal(error, 0);
}

static void it_is_made(void **state)
{
	mode_t mask = umask(077);
	struct stat about;

	assert_int_equal(cdr_file_open(&file), 0);
	umask(mask);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0640);
	append(ONE);
	append(TWO);
	assert_int_equal(cdr_file_sync(&file), 0);
	assert_text(ONE TWO);
}

static void what_is_no_file(void **state)
{
	file.path = "/dev/null";
	assert_int_equal(cdr_file_open(&file), -EINVAL);
	file.path = "/nowhere/cdr";
	assert_int_equal(cdr_file_open(&file), -ENOENT);
	file.path = "/tmp";
	assert_int_equal(cdr_file_open(&file), -EISDIR);
}

/* What a process wrote last before it died in it is no line. */
static void a_torn_line_is_taken_away(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{"", ""},
		{ONE, ONE},
		{ONE "{\"version\":1,\"rec", ONE},
		{"{\"version\":1,\"record\":\"00000000000000a1\"}", ""},
		{ONE TWO "{", ONE TWO},
	};

	for (unsigned int k = 0; k < COUNT(cases); k++) {
		write_text(cases[k].before);
		assert_int_equal(cdr_file_open(&file), 0);
		assert_text(cases[k].after);
		append(TWO);
		cdr_file_close(&file);
	}
}

static void a_long_torn_line(void **state)
{
	size_t size = 200000;
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	memcpy(text, ONE, strlen(ONE));
	text[size] = '\0';
	write_text(text);
	free(text);
	assert_int_equal(cdr_file_open(&file), 0);
	assert_text(ONE);
}

static void assert_tail(size_t count, const uint64_t *expected)
{
	size_t found;
	uint64_t *keys;

	assert_int_equal(cdr_file_tail(&file, &keys, &found), 0);
	assert_int_equal(found, count);
	assert_memory_equal(keys, expected, count * sizeof(keys[0]));
	free(keys);
}

static void its_end_is_read(void **state)
{
	static const uint64_t both[] = {0xa1, 0xfedcba9876543210};

	write_text(TWO "somebody else's line\n"
		       "{\"version\":1,\"record\":\"00000000000000\n"
		       "{\"version\":1,\"record\":\"0000000000000zzz\"}\n"
		       "{\"version\":1,\"record\":\"0000000000000000\"}\n"
		       "\n" ONE);
	assert_int_equal(cdr_file_open(&file), 0);
	assert_tail(2, both);
	cdr_file_close(&file);
	write_text("");
	assert_int_equal(cdr_file_open(&file), 0);
	assert_tail(0, both);
}

/* The last ones of a file that is larger than what is read of it. */
static void a_large_file(void **state)
{
	static const uint64_t last[] = {0xa1};
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, TWO, strlen(TWO)), strlen(TWO));
	assert_int_equal(ftruncate(fd, CDR_TAIL + 100), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), CDR_TAIL + 100);
	assert_int_equal(write(fd, "\n" ONE, strlen(ONE) + 1), strlen(ONE) + 1);
	close(fd);
	assert_int_equal(cdr_file_open(&file), 0);
	assert_tail(1, last);
}

/* A full disk takes a part, of which whole lines stay. */
static void a_full_disk(void **state)
{
	const struct rlimit small = {strlen(ONE) + strlen(TWO) + 10, RLIM_INFINITY};
	struct rlimit before;
	int error;

	assert_int_equal(cdr_file_open(&file), 0);
	append(ONE);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &small);
	assert_int_equal(cdr_file_append(&file, TWO ONE ONE, strlen(TWO ONE ONE), &error),
			 strlen(TWO));
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(error, -EFBIG);
	assert_text(ONE TWO);
	append(ONE);
	assert_text(ONE TWO ONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_made),       TEST(what_is_no_file), TEST(a_torn_line_is_taken_away),
		TEST(a_long_torn_line), TEST(its_end_is_read), TEST(a_large_file),
		TEST(a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
