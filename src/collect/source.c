/* source.c — see source.h. */
#include "collect/source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "base/os.h"

enum { FILE_MAX = 4 << 20, PIECE = 16 << 10 };

bool
source_file(struct source_host *h, const char *path, struct str *out)
{
	char full[PATH_MAX];
	ssize_t n;
	snprintf(full, sizeof full, "%s%s", h->root, path);
	buf_clear(&h->text);
	int fd = os.open(full, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return false;
	do {
		n = os.read(fd, buf_room(&h->text, PIECE), PIECE);
		if (n > 0)
			buf_grew(&h->text, (size_t)n);
	} while ((n > 0 && h->text.n < FILE_MAX) || (n < 0 && errno == EINTR));
	os.close(fd);
	*out = buf_view(&h->text);
	if (str_ends(*out, STR("\n")))
		*out = str_to(*out, out->n - 1);
	return n >= 0;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
source_word(struct str *line, struct str *word)
{
	while (line->n && is_blank(*line->p))
		*line = str_from(*line, 1);
	size_t n = 0;
	while (n < line->n && !is_blank(line->p[n]))
		n++;
	*word = str_to(*line, n);
	*line = str_from(*line, n);
	return n > 0;
}

uint64_t
source_number(struct str *line)
{
	struct str word;
	uint64_t n;
	return source_word(line, &word) && str_u64(word, &n) ? n : 0;
}

static void
put_name(struct buf *b, const char *name, const char *labels)
{
	buf_c(b, name);
	if (*labels) {
		buf_ch(b, '{');
		buf_c(b, labels);
		buf_ch(b, '}');
	}
	buf_ch(b, ' ');
}

void
source_put(struct buf *b, const char *name, const char *labels, double value)
{
	put_name(b, name, labels);
	if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value)
		buf_i64(b, (int64_t)value);
	else
		buf_f64(b, value);
	buf_ch(b, '\n');
}

void
source_put_scaled(struct buf *b, const char *name, const char *labels, uint64_t n, unsigned digits)
{
	uint64_t unit = 1;
	char fraction[24];
	for (unsigned i = 0; i < digits; i++)
		unit *= 10;
	put_name(b, name, labels);
	buf_i64(b, (int64_t)(n / unit));
	snprintf(fraction, sizeof fraction, ".%0*llu\n", (int)digits, (unsigned long long)(n % unit));
	buf_c(b, digits ? fraction : "\n");
}
