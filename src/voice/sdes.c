/*
 * sdes.c — see sdes.h.
 *
 * IDEA   A helper below the RTP socket: what goes out is encrypted on its way, what comes in is decrypted or dropped.
 *        The leg above knows nothing of it.
 * [S1]   Once a key of theirs was taken, a packet that is not authentic is dropped.
 */
#include "voice/sdes.h"

#include <sodium.h>

#include "base/mem.h"
#include "base/must.h"
#include "base/str.h"

enum { KEY_BYTES = 30, KEY_TEXT = 40 }; /* 16 of key, 14 of salt; base64 without padding */
static const char suite[] = "AES_CM_128_HMAC_SHA1_80";

struct sdes {
	struct udp_helper *helper;
	struct srtp *ours, *theirs; /* theirs: NULL until they gave a key */
	char their_key[KEY_TEXT + 1];
};

static bool
on_send(int *rc, struct sa *to, struct mbuf *mb, void *arg)
{
	struct sdes *s = arg;
	if (s->theirs)
		*rc = srtp_encrypt(s->ours, mb);
	return *rc != 0;
}

static bool
on_receive(struct sa *from, struct mbuf *mb, void *arg)
{
	struct sdes *s = arg;
	return s->theirs && srtp_decrypt(s->theirs, mb) != 0; /* [S1] */
}

enum rc
sdes_create(struct sdes **out, struct sdp_media *audio, struct rtp_sock *rtp, struct err *err)
{
	struct sdes *s = mem_new(struct sdes);
	uint8_t key[KEY_BYTES];
	char text[KEY_TEXT + 1] = "";
	size_t n = KEY_TEXT;
	randombytes_buf(key, sizeof key);
	int rc = srtp_alloc(&s->ours, SRTP_AES_CM_128_HMAC_SHA1_80, key, sizeof key, 0);
	if (rc == 0)
		rc = base64_encode(key, sizeof key, text, &n);
	if (rc == 0)
		rc = sdp_media_set_lattr(audio, true, "crypto", "1 %s inline:%s", suite, text);
	if (rc == 0)
		rc = udp_register_helper(&s->helper, rtp_sock(rtp), 0, on_send, on_receive, s);
	explicit_bzero(key, sizeof key);
	explicit_bzero(text, sizeof text);
	if (rc) {
		sdes_destroy(&s);
		return err_set(err, RC_IO, "cannot set up SRTP: %s", strerror(rc));
	}
	*out = s;
	return RC_OK;
}

void
sdes_destroy(struct sdes **ps)
{
	struct sdes *s = *ps;
	if (!s)
		return;
	mem_deref(s->helper);
	mem_deref(s->ours);
	mem_deref(s->theirs);
	explicit_bzero(s->their_key, sizeof s->their_key);
	mem_free(s);
	*ps = NULL;
}

/* The key of "1 AES_CM_128_HMAC_SHA1_80 inline:<key>|2^20|1:4"; empty when it is of another kind. */
static struct str
key_of(const char *line)
{
	struct str rest = str_c(line), tag, kind, key;
	if (!str_cut(&rest, ' ', &tag) || !str_cut(&rest, ' ', &kind) || !str_is(kind, suite))
		return STR("");
	rest = str_trim(rest);
	if (!str_starts(rest, STR("inline:")))
		return STR("");
	rest = str_from(rest, 7);
	return str_cut(&rest, '|', &key) && key.n == KEY_TEXT ? key : STR("");
}

static bool
on_crypto(const char *name, const char *value, void *arg)
{
	struct str *found = arg;
	if (!found->n)
		*found = key_of(value);
	return false;
}

bool
sdes_take(struct sdes *s, const struct sdp_media *audio)
{
	struct str found = {0};
	uint8_t key[KEY_BYTES];
	size_t n = sizeof key;
	(void)sdp_media_rattr_apply(audio, "crypto", on_crypto, &found);
	if (s->theirs && str_is(found, s->their_key))
		return true; /* a new offer with the same key: the packets' numbers go on */
	s->theirs = mem_deref(s->theirs);
	if (!found.n)
		return false;
	memcpy(s->their_key, found.p, KEY_TEXT);
	bool good = base64_decode(found.p, found.n, key, &n) == 0 && n == KEY_BYTES &&
		    srtp_alloc(&s->theirs, SRTP_AES_CM_128_HMAC_SHA1_80, key, sizeof key, 0) == 0;
	explicit_bzero(key, sizeof key);
	return good;
}

bool
sdes_active(const struct sdes *s)
{
	return s && s->theirs;
}
