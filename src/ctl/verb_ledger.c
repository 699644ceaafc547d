/* verb_ledger.c — a ledger at rest: proved, copied, put back. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/clock.h"
#include "base/os.h"
#include "ctl/verbs.h"
#include "ledger/ledger.h"
#include "wire/json.h"

static void
print_verdict(struct args *a, const struct verdict *v)
{
	struct buf b = {0};
	struct json_writer w;
	if (!a->json) {
		printf("%s\n", v->text);
		return;
	}
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_key(&w, "intact");
	jsonw_bool(&w, v->intact);
	jsonw_key(&w, "text");
	jsonw_c(&w, v->text);
	jsonw_object_end(&w);
	printf("%s\n", b.p);
	buf_fini(&b);
}

int
verb_verify(struct args *a)
{
	const char *data = args_option(a, "data"), *url = args_option(a, "ledger"), *heads_file = args_option(a, "heads");
	const char *sign = args_option(a, "sign");
	struct ledger *l = NULL;
	struct verdict v;
	struct err e;
	struct buf heads = {0}, signed_heads = {0};
	if (!data && !url)
		return verb_usage("verify");
	int status = args_done(a, verb_self("verify"));
	if (status != EXIT_OK)
		return status;
	enum rc rc = heads_file ? os_read_file(heads_file, 16 << 20, &heads, &e) : RC_OK;
	if (rc == RC_OK)
		rc = ledger_open(&l, str_c(url ? url : data), NULL, 0, &e);
	if (rc == RC_OK)
		rc = ledger_verify(l, buf_view(&heads), &v, &e);
	if (rc == RC_OK && v.intact && sign) {
		struct str key = arena_fmt(a->arena, "%s/heads.key", data ? data : ".");
		rc = ledger_heads(l, key.p, clock_wall(clock_real()), &signed_heads, &e);
		if (rc == RC_OK)
			rc = os_replace_file(sign, buf_view(&signed_heads), 0644, &e);
	}
	ledger_close(&l);
	buf_fini(&heads);
	buf_fini(&signed_heads);
	if (rc != RC_OK) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return EXIT_FAILED;
	}
	print_verdict(a, &v);
	return v.intact ? EXIT_OK : EXIT_FAILED;
}

int
verb_backup(struct args *a)
{
	const char *data = args_option(a, "data"), *to = args_option(a, "to");
	struct ledger *l = NULL;
	struct err e;
	if (!data || !to)
		return verb_usage("backup");
	int status = args_done(a, verb_self("backup"));
	if (status != EXIT_OK)
		return status;
	enum rc rc = ledger_open(&l, str_c(data), NULL, 0, &e);
	if (rc == RC_OK)
		rc = ledger_backup(l, to, &e);
	ledger_close(&l);
	if (rc == RC_OK)
		return EXIT_OK;
	fprintf(stderr, "tocsin: %s\n", e.text);
	return EXIT_FAILED;
}

/* A copy is looked at before it takes the place of anything. */
static enum rc
restore(const char *data, const char *from, struct arena *a, struct err *e)
{
	struct buf copy = {0};
	struct str target = arena_fmt(a, "%s/ledger.db", data);
	int lock;
	enum rc rc = ctl_lock_data(data, &lock, e);
	if (rc != RC_OK)
		return rc;
	rc = os_read_file(from, (size_t)1 << 40, &copy, e);
	if (rc == RC_OK && !str_starts(buf_view(&copy), STR("SQLite format 3")))
		rc = err_set(e, RC_INVALID, "%s is not a copy of a ledger", from);
	if (rc == RC_OK) {
		os.unlink(arena_fmt(a, "%.*s-wal", STR_ARG(target)).p);
		os.unlink(arena_fmt(a, "%.*s-shm", STR_ARG(target)).p);
		rc = os_replace_file(target.p, buf_view(&copy), 0600, e);
	}
	os.close(lock);
	buf_fini(&copy);
	return rc;
}

int
verb_restore(struct args *a)
{
	const char *data = args_option(a, "data"), *from = args_option(a, "from");
	struct err e;
	if (!data || !from)
		return verb_usage("restore");
	int status = args_done(a, verb_self("restore"));
	if (status != EXIT_OK)
		return status;
	if (restore(data, from, a->arena, &e) == RC_OK)
		return EXIT_OK;
	fprintf(stderr, "tocsin: %s\n", e.text);
	return EXIT_FAILED;
}
