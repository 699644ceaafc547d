/*
 * fuzz_main.c — runs a fuzz entry without libFuzzer: the files that are named, or a few thousand seeded inputs made of
 * random bytes and of the tokens that parsers trip over.  With clang the same entries are linked with -fsanitize=fuzzer.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char *const tokens[] = {"{", "}", "[", "]", "(", ")", "\"", "'", "\\", "\n", "\r\n", ":", ",", "=", "=~", "!=", "|", " ", "- ", "# TYPE ",
    "# EOF\n", "{{", "}}", "{{ end }}", "range", "if", "define", "rate", "sum by", "[5m]", "offset", "@", "1e308", "NaN", "-Inf", "0x", "\xff", "\xc3",
    "\xf0\x9f\x94\x94", "route:", "receivers:", "&a", "*a", "<<: ", "null", "true", "HTTP/1.1", "GET ", "Content-Length: ", "%2", "gzip", "/", "..", "__name__", "# TYPE h histogram\n",
    "h_bucket{le=\"1\"} 3\n", "h_bucket{a=\"b\",le=\"+Inf\"} 4\n", "h_count 4\n", "h_sum 5\n"};
enum { TOKENS = sizeof tokens / sizeof *tokens, LONGEST = 2048 };

static size_t
make_input(uint8_t *out)
{
	size_t n = 0;
	int pieces = rand() % 80;
	for (int i = 0; i < pieces; i++) {
		const char *t = tokens[rand() % TOKENS];
		size_t len = strlen(t);
		if (n + len + 8 > LONGEST)
			break;
		if (rand() % 4) {
			memcpy(out + n, t, len);
			n += len;
		} else {
			for (int k = rand() % 8; k > 0; k--)
				out[n++] = (uint8_t)rand();
		}
	}
	return n;
}

static void
run_bytes(const uint8_t *bytes, size_t n)
{
	uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees one byte too far */
	memcpy(exact, bytes, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

static void
run_file(const char *path)
{
	static uint8_t bytes[1 << 20];
	FILE *f = fopen(path, "rb");
	if (!f)
		return;
	run_bytes(bytes, fread(bytes, 1, sizeof bytes, f));
	fclose(f);
}

int
main(int argc, char **argv)
{
	uint8_t bytes[LONGEST];
	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	srand(20261120);
	for (int i = 0; argc < 2 && i < 4000; i++)
		run_bytes(bytes, make_input(bytes));
	printf("1 passed, 0 failed\n");
	return 0;
}
