/*
 * mime_fuzz.c — whatever alerts and people say, a mail keeps its shape: no lone CR or LF, no long line, no
 * header more than we gave it.
 */
#include "wire/mime.h"

#include "base/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_lines(struct str mail)
{
	size_t at = 0;
	for (size_t i = 0; i < mail.n; i++) {
		must(mail.p[i] != '\0');
		must((mail.p[i] == '\r') == (i + 1 < mail.n && mail.p[i + 1] == '\n'));
		if (mail.p[i] != '\n')
			continue;
		must(i - at <= 998);
		at = i + 1;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str all = str_n((const char *)p, n), parts[5] = {{0}};
	for (size_t i = 0; i < 5; i++)
		(void)str_cut(&all, '\x1f', &parts[i]);
	struct mime_address a = {parts[2], parts[0]};
	struct mime_mail m = {.from = a,
	    .to = &a,
	    .to_n = 1,
	    .subject = parts[2],
	    .message_id = parts[1],
	    .text = parts[3],
	    .html = parts[4]};
	struct buf out = {0};
	mime_compose(&m, &out);
	check_lines(buf_view(&out));
	const char *body = strstr(out.p, "\r\n\r\n");
	must(body);
	size_t headers = 0;
	for (const char *line = out.p; line < body; line = strstr(line, "\r\n") + 2)
		headers += *line != ' ';
	must(headers <= 10);
	buf_fini(&out);
	return 0;
}
