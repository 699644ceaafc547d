/*
 * leg.c — see leg.h.
 *
 * TRAP   libre's telephone-event decoder compares event numbers: the same key twice counts once when the end
 * packets of the first are lost.  Here a new RTP timestamp is a new key (RFC 4733 2.2.2: all packets of an
 * event carry the time of its start). TRAP   A remote BYE arrives as ECONNRESET without a message.
 */
#include "voice/leg.h"

#include <errno.h>

#include "voice/sdes.h"
#include "base/mem.h"
#include "base/must.h"
#include "base/os.h"

enum {
	PT_PCMU = 0,
	PT_PCMA = 8,
	PT_EVENT = 101,
	EVENT_BYTES = 4,
	TONE_SAMPLES = 480,
	SILENCE_ULAW = 0xff,
	SILENCE_ALAW = 0xd5
};

struct leg {
	struct trunk *trunk;
	const struct leg_events *events;
	void *arg;
	struct sipsess *session;
	struct sdp_session *sdp;
	struct sdp_media *audio;
	struct rtp_sock *rtp;
	struct sdes *sdes;     /* NULL: not encrypted */
	struct dtmf_dec *tone; /* hears keys in the sound, where no telephone-event was agreed on */
	struct mbuf *packet;
	bool answered, closed, talked;
	int payload; /* PT_PCMU or PT_PCMA, as negotiated */
	uint32_t time;
	const struct clip *clip;
	size_t at;
	bool heard_event;
	uint32_t event_time;
};

static void
take_event(struct leg *leg, uint32_t time, uint8_t code)
{
	int digit = telev_code2digit(code);
	if (digit < 0 || (leg->heard_event && leg->event_time == time))
		return;
	leg->heard_event = true;
	leg->event_time = time;
	if (leg->answered && !leg->closed)
		leg->events->digit(leg->arg, (char)digit);
}

static void
on_tone(char digit, void *arg)
{
	struct leg *leg = arg;
	if (digit && leg->answered && !leg->closed)
		leg->events->digit(leg->arg, digit);
}

/* In-band keys: some networks carry nothing else. */
static void
listen_for_tones(struct leg *leg, const struct mbuf *mb)
{
	int16_t samples[TONE_SAMPLES];
	size_t n = mbuf_get_left(mb) < TONE_SAMPLES ? mbuf_get_left(mb) : TONE_SAMPLES;
	const uint8_t *coded = mbuf_buf(mb);
	if (!leg->tone && dtmf_dec_alloc(&leg->tone, CLIP_RATE, 1, on_tone, leg) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		samples[i] = leg->payload == PT_PCMA ? g711_alaw2pcm(coded[i]) : g711_ulaw2pcm(coded[i]);
	dtmf_dec_probe(leg->tone, samples, n);
}

static void
on_rtp(const struct sa *from, const struct rtp_header *head, struct mbuf *mb, void *arg)
{
	struct leg *leg = arg;
	const struct sdp_format *theirs = sdp_media_rformat(leg->audio, "telephone-event");
	bool event = head->pt == PT_EVENT || (theirs && head->pt == theirs->pt);
	if (event && mbuf_get_left(mb) >= EVENT_BYTES)
		take_event(leg, head->ts, mbuf_read_u8(mb));
	else if (!event && !theirs && head->pt == leg->payload)
		listen_for_tones(leg, mb);
}

/* "Signal=1" of application/dtmf-relay, or the bare key of application/dtmf. */
static char
digit_of_info(const struct sip_msg *msg)
{
	struct str body = str_n((const char *)mbuf_buf(msg->mb), mbuf_get_left(msg->mb)), line;
	if (msg_ctype_cmp(&msg->ctyp, "application", "dtmf")) {
		body = str_trim(body);
		return body.n == 1 ? body.p[0] : '\0';
	}
	if (!msg_ctype_cmp(&msg->ctyp, "application", "dtmf-relay"))
		return '\0';
	while (str_cut(&body, '\n', &line)) {
		struct str key;
		if (!str_cut(&line, '=', &key) || !str_eq_nocase(str_trim(key), STR("signal")))
			continue;
		line = str_trim(line);
		return line.n == 1 ? line.p[0] : '\0';
	}
	return '\0';
}

static void
on_info(struct sip *sip, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	char digit = digit_of_info(msg);
	bool known = digit && strchr("0123456789*#ABCD", digit);
	(void)sip_reply(sip, msg, known ? 200 : 488, known ? "OK" : "Not Acceptable Here");
	if (known && leg->answered && !leg->closed)
		leg->events->digit(leg->arg, digit);
}

/* Takes what both can do; telephone-event alone is no sound.  EPROTO: encryption was required, and they have none. */
static int
use_answer(struct leg *leg)
{
	const struct sdp_format *format = sdp_media_rformat(leg->audio, NULL);
	leg->payload = format && format->pt == PT_PCMA ? PT_PCMA : PT_PCMU;
	bool secret = leg->sdes && sdes_take(leg->sdes, leg->audio);
	return !secret && leg->trunk->conf->srtp == SRTP_REQUIRED ? EPROTO : 0;
}

static int
on_answer(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	int rc = sdp_decode(leg->sdp, msg->mb, false);
	return rc ? rc : use_answer(leg);
}

/* A new offer within the call: on hold, off hold, another address. */
static int
on_offer(struct mbuf **answer, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	bool offered = mbuf_get_left(msg->mb) > 0;
	int rc = offered ? sdp_decode(leg->sdp, msg->mb, true) : 0;
	if (rc == 0 && offered)
		rc = use_answer(leg);
	return rc ? rc : sdp_encode(answer, leg->sdp, !offered);
}

static void
on_progress(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	if (!leg->closed)
		leg->events->progress(leg->arg, msg->scode);
}

static void
on_established(const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	leg->answered = true;
	if (!leg->closed)
		leg->events->answered(leg->arg);
}

static void
on_close(int rc, const struct sip_msg *msg, void *arg)
{
	struct leg *leg = arg;
	char words[128];
	if (leg->closed)
		return;
	leg->closed = true;
	if (msg)
		snprintf(words, sizeof words, "%u %.*s", msg->scode, (int)msg->reason.l, msg->reason.p);
	else
		snprintf(words, sizeof words, "%s", leg->answered ? "they hung up" : strerror(rc));
	leg->events->closed(leg->arg, msg ? msg->scode : 0, words);
}

/* Optional: offered beside plain sound, in the profile that every peer takes; the answer says which it is. */
static int
offer_secrecy(struct leg *leg)
{
	struct err e;
	if (leg->trunk->conf->srtp == SRTP_OFF)
		return 0;
	if (leg->trunk->conf->srtp == SRTP_OPTIONAL)
		sdp_media_set_alt_protos(leg->audio, 1, "RTP/SAVP");
	return sdes_create(&leg->sdes, leg->audio, leg->rtp, &e) == RC_OK ? 0 : EPROTO;
}

static int
offer_sound(struct leg *leg, struct leg_ports ports, struct mbuf **offer)
{
	struct sa local = leg->trunk->local;
	int rc =
	    rtp_listen(&leg->rtp, IPPROTO_UDP, &local, ports.first, ports.last, false, on_rtp, NULL, leg);
	if (rc)
		return rc;
	rc = sdp_session_alloc(
	    &leg->sdp, sa_isset(&leg->trunk->external, SA_ADDR) ? &leg->trunk->external : &local);
	if (rc == 0)
		rc = sdp_media_add(&leg->audio, leg->sdp, sdp_media_audio, sa_port(rtp_local(leg->rtp)),
		    leg->trunk->conf->srtp == SRTP_REQUIRED ? sdp_proto_rtpsavp : sdp_proto_rtpavp);
	if (rc == 0)
		rc = offer_secrecy(leg);
	if (rc == 0)
		rc = sdp_format_add(
		    NULL, leg->audio, false, "0", "PCMU", CLIP_RATE, 1, NULL, NULL, NULL, false, NULL);
	if (rc == 0)
		rc = sdp_format_add(
		    NULL, leg->audio, false, "8", "PCMA", CLIP_RATE, 1, NULL, NULL, NULL, false, NULL);
	if (rc == 0)
		rc = sdp_format_add(NULL, leg->audio, false, "101", "telephone-event", CLIP_RATE, 1, NULL,
		    NULL, NULL, false, "0-15");
	if (rc == 0)
		rc = sdp_media_set_lattr(leg->audio, true, "ptime", "20");
	return rc ? rc : sdp_encode(offer, leg->sdp, true);
}

static int
invite(struct leg *leg, const char *uri, struct mbuf *offer)
{
	struct trunk *t = leg->trunk;
	const char *route = t->route.p;
	struct buf more = {0};
	/* no UPDATE: who refreshes a session (RFC 4028) does it by a re-INVITE */
	buf_c(&more, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO\r\n");
	if (t->conf->caller_id.n)
		buf_fmt(&more, "P-Preferred-Identity: <sip:%.*s@%s>\r\n", STR_ARG(t->conf->caller_id),
		    t->domain.p);
	int rc = sipsess_connect(&leg->session, t->sessions, uri, NULL, t->uri_from.p, t->user.p, &route, 1,
	    "application/sdp", offer, trunk_authenticate, t, false, on_offer, on_answer, on_progress,
	    on_established, on_info, NULL, on_close, leg, "%s", more.p);
	buf_fini(&more);
	return rc;
}

enum rc
leg_dial(struct leg **out, struct trunk *t, struct str number, struct leg_ports ports,
    const struct leg_events *events, void *arg, struct err *err)
{
	struct buf uri = {0};
	enum rc rc = trunk_uri(t, number, &uri, err);
	if (rc != RC_OK)
		return rc;
	struct leg *leg = mem_new(struct leg);
	struct mbuf *offer = NULL;
	*leg = (struct leg){.trunk = t, .events = events, .arg = arg};
	t->calls++;
	leg->packet = mbuf_alloc(RTP_HEADER_SIZE + CLIP_FRAME);
	must(leg->packet);
	int failed = offer_sound(leg, ports, &offer);
	if (failed == 0)
		failed = invite(leg, uri.p, offer);
	mem_deref(offer);
	buf_fini(&uri);
	if (failed) {
		leg_end(&leg);
		return err_set(err, RC_IO, "cannot call: %s", strerror(failed));
	}
	*out = leg;
	return RC_OK;
}

void
leg_end(struct leg **pleg)
{
	struct leg *leg = *pleg;
	if (!leg)
		return;
	leg->closed = true;
	mem_deref(leg->session);
	mem_deref(leg->sdp);
	sdes_destroy(&leg->sdes);
	mem_deref(leg->rtp);
	mem_deref(leg->tone);
	mem_deref(leg->packet);
	leg->trunk->calls--;
	mem_free(leg);
	*pleg = NULL;
}

void
leg_play(struct leg *leg, const struct clip *clip)
{
	leg->clip = clip;
	leg->at = 0;
}

bool
leg_is_playing(const struct leg *leg)
{
	return leg->clip && leg->at < leg->clip->ulaw.n;
}

void
leg_tick(struct leg *leg)
{
	const struct sa *to = sdp_media_raddr(leg->audio);
	struct mbuf *mb = leg->packet;
	bool alaw = leg->payload == PT_PCMA, starts = leg_is_playing(leg) && leg->at == 0;
	if (!leg->answered || leg->closed)
		return;
	if (!(sdp_media_dir(leg->audio) & SDP_SENDONLY)) { /* on hold: who comes back hears the rest */
		leg->time += CLIP_FRAME;
		return;
	}
	mb->pos = RTP_HEADER_SIZE;
	mb->end = RTP_HEADER_SIZE + CLIP_FRAME;
	if (leg_is_playing(leg)) {
		memcpy(
		    mb->buf + mb->pos, (alaw ? leg->clip->alaw.p : leg->clip->ulaw.p) + leg->at, CLIP_FRAME);
		leg->at += CLIP_FRAME;
	} else {
		memset(mb->buf + mb->pos, alaw ? SILENCE_ALAW : SILENCE_ULAW, CLIP_FRAME);
	}
	if (starts)
		os_kill_point();
	if (to && sa_isset(to, SA_ALL))
		(void)rtp_send(leg->rtp, to, false, starts, (uint8_t)leg->payload, leg->time, mb);
	leg->time += CLIP_FRAME;
}
