/* macro.c — see macro.h. */
#include "check/macro.h"

static bool
value_of(struct str name, const struct macros *m, struct str *value)
{
	const struct {
		const char *name;
		struct str value;
	} plain[] = {{"", STR("$")}, {"HOSTADDRESS", m->address}, {"HOSTNAME", m->host}, {"SERVICEDESC", m->service}};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		if (str_is(name, plain[i].name)) {
			*value = plain[i].value;
			return true;
		}
	}
	uint64_t n;
	if (!str_starts(name, STR("ARG")) || !str_u64(str_from(name, 3), &n) || n < 1)
		return false;
	*value = n <= m->args.n ? m->args.p[n - 1] : STR("");
	return true;
}

void
macro_expand(struct buf *b, struct str text, const struct macros *m)
{
	while (text.n) {
		ptrdiff_t open = str_chr(text, '$');
		buf_str(b, open < 0 ? text : str_to(text, (size_t)open));
		if (open < 0)
			return;
		struct str rest = str_from(text, (size_t)open + 1), value;
		ptrdiff_t end = str_chr(rest, '$');
		if (end >= 0 && value_of(str_to(rest, (size_t)end), m, &value)) {
			buf_str(b, value);
			text = str_from(rest, (size_t)end + 1);
		} else {
			buf_ch(b, '$');
			text = rest;
		}
	}
}
