/*
 * proof.c — is the journal what it was?
 *
 * IDEA   Each chain is walked from its first row, every hash computed anew.  A row without payload is fine when a
 *        later row of its chain says that it was redacted.  What a chain cannot know by itself, that its tail was
 *        cut, the signed heads know that were kept somewhere else.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/must.h"
#include "base/os.h"
#include "base/time.h"
#include "ledger/ledger_impl.h"

_Static_assert(HASH == crypto_hash_sha256_BYTES, "SHA-256");

void
journal_digest(struct str payload, char out[HASH])
{
	crypto_hash_sha256((unsigned char *)out, (const unsigned char *)payload.p, payload.n);
}

void
journal_hash(const char previous[HASH], const struct journal_row *r, char out[HASH])
{
	struct buf b = {0};
	buf_add(&b, previous, HASH);
	buf_u64(&b, (uint64_t)r->seq);
	buf_field(&b, r->chain);
	buf_u64(&b, (uint64_t)r->n);
	buf_u64(&b, (uint64_t)r->at);
	buf_u64(&b, (uint64_t)r->recorded);
	buf_field(&b, r->kind);
	buf_field(&b, r->subject);
	buf_field(&b, r->actor);
	buf_field(&b, r->digest);
	journal_digest(buf_view(&b), out);
	buf_fini(&b);
}

/* ---- heads ---- */

struct head {
	struct str chain;
	int64_t n;
	struct str hash; /* hex */
};

/* "head <chain> <n> <hash>" */
static bool
parse_head(struct str line, struct head *h)
{
	struct str word, n;
	return str_cut(&line, ' ', &word) && str_is(word, "head") && str_cut(&line, ' ', &h->chain) && str_cut(&line, ' ', &n) &&
	    str_i64(n, &h->n) && str_cut(&line, ' ', &h->hash) && h->hash.n == 2 * HASH;
}

static bool
from_hex(struct str hex, unsigned char *out, size_t n)
{
	size_t got;
	return sodium_hex2bin(out, n, hex.p, hex.n, NULL, &got, NULL) == 0 && got == n;
}

/* The last two lines are "key <hex>" and "signature <hex>", over all that stands before the signature's line. */
static enum rc
check_signature(struct str heads, struct err *e)
{
	unsigned char key[crypto_sign_PUBLICKEYBYTES], sig[crypto_sign_BYTES];
	const char *key_line = heads.n ? memmem(heads.p, heads.n, "\nkey ", 5) : NULL;
	const char *sig_line = heads.n ? memmem(heads.p, heads.n, "\nsignature ", 11) : NULL;
	if (!key_line || !sig_line || sig_line < key_line)
		return err_set(e, RC_INVALID, "the heads have no key and signature at their end");
	struct str key_hex = str_n(key_line + 5, (size_t)(sig_line - key_line) - 5);
	struct str sig_hex = str_trim(str_from(heads, (size_t)(sig_line - heads.p) + 11));
	struct str text = str_to(heads, (size_t)(sig_line - heads.p) + 1);
	if (!from_hex(key_hex, key, sizeof key) || !from_hex(sig_hex, sig, sizeof sig) ||
	    crypto_sign_verify_detached(sig, (const unsigned char *)text.p, text.n, key) != 0)
		return err_set(e, RC_INVALID, "the signature of the heads does not fit their text");
	return RC_OK;
}

static enum rc
load_key(const char *path, unsigned char secret[crypto_sign_SECRETKEYBYTES], struct err *e)
{
	struct buf b = {0};
	unsigned char public[crypto_sign_PUBLICKEYBYTES];
	enum rc rc = os_read_file(path, 4096, &b, e);
	if (rc == RC_ABSENT) {
		crypto_sign_keypair(public, secret);
		rc = os_replace_file(path, str_n((char *)secret, crypto_sign_SECRETKEYBYTES), 0600, e);
	} else if (rc == RC_OK && b.n != crypto_sign_SECRETKEYBYTES) {
		rc = err_set(e, RC_INVALID, "%s is not a signing key", path);
	} else if (rc == RC_OK) {
		memcpy(secret, b.p, crypto_sign_SECRETKEYBYTES);
	}
	buf_fini(&b);
	return rc;
}

static void
add_hex(struct buf *b, const void *p, size_t n)
{
	char *at = buf_room(b, 2 * n + 1);
	sodium_bin2hex(at, 2 * n + 1, p, n);
	buf_grew(b, 2 * n);
}

static bool
print_head(void *arg, const struct db_value *c, size_t n)
{
	struct buf *b = arg;
	buf_fmt(b, "head %.*s %lld ", STR_ARG(c[0].s), (long long)c[1].i);
	add_hex(b, c[2].s.p, c[2].s.n);
	buf_ch(b, '\n');
	return true;
}

enum rc
ledger_heads(struct ledger *l, const char *key_file, msec_t now, struct buf *out, struct err *e)
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES], sig[crypto_sign_BYTES];
	char at[TIME_TEXT];
	struct buf b = {0};
	enum rc rc = load_key(key_file, secret, e);
	if (rc != RC_OK)
		return rc;
	buf_fmt(&b, "tocsin heads 1\nat %s\n", time_rfc3339(now, at));
	rc = db_query(l->db, "SELECT name, n, hash FROM chain ORDER BY name", DB_NO_ARGS, print_head, &b, e);
	if (rc == RC_OK) {
		buf_c(&b, "key ");
		add_hex(&b, secret + crypto_sign_SECRETKEYBYTES - crypto_sign_PUBLICKEYBYTES, crypto_sign_PUBLICKEYBYTES);
		buf_ch(&b, '\n');
		crypto_sign_detached(sig, NULL, (unsigned char *)b.p, b.n, secret);
		buf_c(&b, "signature ");
		add_hex(&b, sig, sizeof sig);
		buf_ch(&b, '\n');
		buf_str(out, buf_view(&b));
	}
	sodium_memzero(secret, sizeof secret);
	buf_fini(&b);
	return rc;
}

/* ---- the walk ---- */

struct walk {
	struct verdict *v;
	struct str heads;
	char chain[256];
	int64_t n;
	msec_t recorded;
	int64_t last_seq;
	char hash[HASH];
	struct map *missing; /* rows of this chain without payload, waiting for a redaction that names them */
	struct map *ends;    /* chain -> n, of every chain that was seen */
};

static bool
bad(struct walk *w, const struct journal_row *r, const char *what)
{
	snprintf(w->v->text, sizeof w->v->text, "chain \"%.*s\", row %lld: %s", STR_ARG(r->chain), (long long)r->n, what);
	w->v->intact = false;
	return false;
}

static bool
chain_is_explained(struct walk *w)
{
	map_each(w->missing, m) {
		snprintf(w->v->text, sizeof w->v->text,
		    "chain \"%s\", row %.*s: its payload is gone and no redaction says so", w->chain, STR_ARG(m->key));
		return w->v->intact = false;
	}
	return true;
}

static bool
begin_chain(struct walk *w, struct str name)
{
	if (w->chain[0] && !chain_is_explained(w))
		return false;
	snprintf(w->chain, sizeof w->chain, "%.*s", STR_ARG(name));
	w->n = 0;
	w->recorded = 0;
	w->last_seq = 0;
	memset(w->hash, 0, HASH);
	return true;
}

static void
note_missing(struct walk *w, int64_t n)
{
	char key[24];
	snprintf(key, sizeof key, "%lld", (long long)n);
	map_put(w->missing, str_c(key), w);
}

static bool
note_redaction(struct walk *w, const struct journal_row *r)
{
	struct arena *a = arena_create();
	struct event_payload p;
	struct err ignored;
	if (record_decode(&event_payload_layout, &p, r->payload, a, &ignored) == RC_OK &&
	    map_take(w->missing, pairs_get(p.facts, "row")))
		w->v->redacted++;
	arena_destroy(&a);
	return true;
}

/* Does a head that was kept elsewhere agree with this row? */
static bool
agrees_with_heads(struct walk *w, const struct journal_row *r)
{
	struct str rest = w->heads, line;
	char hex[2 * HASH + 1];
	while (str_cut(&rest, '\n', &line)) {
		struct head h;
		if (!parse_head(line, &h) || h.n != r->n || !str_eq(h.chain, r->chain))
			continue;
		sodium_bin2hex(hex, sizeof hex, (const unsigned char *)r->hash.p, HASH);
		if (!str_is(h.hash, hex))
			return bad(w, r, "its hash differs from the signed head");
	}
	return true;
}

static bool
walk_row(void *arg, const struct db_value *c, size_t n)
{
	struct walk *w = arg;
	struct journal_row r = journal_row(c);
	char digest[HASH], hash[HASH];
	if (!str_is(r.chain, w->chain) && !begin_chain(w, r.chain))
		return false;
	if (r.n != w->n + 1) {
		r.n = w->n + 1;
		return bad(w, &r, "it is missing");
	}
	if (r.digest.n != HASH || r.hash.n != HASH)
		return bad(w, &r, "its digest or hash has the wrong length");
	journal_hash(w->hash, &r, hash);
	if (memcmp(hash, r.hash.p, HASH) != 0)
		return bad(w, &r, "its hash does not follow from the row before and its columns");
	journal_digest(r.payload, digest);
	if (r.redacted)
		note_missing(w, r.n);
	else if (memcmp(digest, r.digest.p, HASH) != 0)
		return bad(w, &r, "its payload does not fit its digest");
	if (r.recorded < w->recorded || r.seq <= w->last_seq)
		return bad(w, &r, "it was recorded before the row before it");
	if (!agrees_with_heads(w, &r) || (str_is(r.kind, "redacted") && !r.redacted && !note_redaction(w, &r)))
		return false;
	w->n = r.n;
	w->recorded = r.recorded;
	w->last_seq = r.seq;
	memcpy(w->hash, hash, HASH);
	w->v->events++;
	map_put(w->ends, r.chain, (void *)(uintptr_t)r.n);
	return true;
}

static bool
end_is_known(struct walk *w, struct str chain, int64_t n, const char *says)
{
	int64_t have = (int64_t)(uintptr_t)map_get(w->ends, chain);
	if (have >= n)
		return true;
	snprintf(w->v->text, sizeof w->v->text, "chain \"%.*s\" ends at row %lld, but %s row %lld: its tail was cut",
	    STR_ARG(chain), (long long)have, says, (long long)n);
	return w->v->intact = false;
}

static bool
check_end(void *arg, const struct db_value *c, size_t n)
{
	return end_is_known(arg, c[0].s, c[1].i, "the table of chains knows");
}

static bool
check_heads_reached(struct walk *w)
{
	struct str rest = w->heads, line;
	struct head h;
	while (str_cut(&rest, '\n', &line))
		if (parse_head(line, &h) && !end_is_known(w, h.chain, h.n, "a signed head names"))
			return false;
	return true;
}

enum rc
ledger_verify(struct ledger *l, struct str heads, struct verdict *v, struct err *e)
{
	*v = (struct verdict){.intact = true};
	if (heads.n && check_signature(heads, e) != RC_OK)
		return RC_INVALID;
	struct walk w = {.v = v, .heads = heads, .missing = map_create(), .ends = map_create()};
	enum rc rc = db_query(l->db, "SELECT " JOURNAL_COLUMNS " FROM event ORDER BY chain, n", DB_NO_ARGS, walk_row, &w, e);
	if (rc == RC_OK && v->intact && chain_is_explained(&w))
		rc = db_query(l->db, "SELECT name, n FROM chain ORDER BY name", DB_NO_ARGS, check_end, &w, e);
	if (rc == RC_OK && v->intact && check_heads_reached(&w))
		snprintf(v->text, sizeof v->text, "%lld events in %zu chains, %lld redacted: intact%s", (long long)v->events,
		    map_count(w.ends), (long long)v->redacted, heads.n ? ", and as the signed heads say" : "");
	map_destroy(&w.missing);
	map_destroy(&w.ends);
	return rc;
}
