/*
 * live.ts — the journal as it grows: one stream for the whole page.
 *
 * The stream carries numbers, so that a reconnect goes on where it stopped; after a sleep, and whenever a reconnect took
 * long, everything shown is asked anew as well.
 */
import { useEffect, useRef, useState } from "preact/hooks"
import { forgetAll, invalidate } from "./api"

export interface JournalEvent {
	seq: number
	chain: string
	at: string
	kind: string
	subject: string
	actor: string
	text: string
	facts: Record<string, string>
}

type Listener = (ev: JournalEvent) => void
const listeners = new Set<Listener>()
const watchers = new Set<() => void>()
let source: EventSource | null = null
let state: "live" | "waiting" = "waiting"
let lost = 0
let seen = 0

function setState(s: typeof state) {
	if (state === s) return
	state = s
	watchers.forEach((fn) => fn())
}

/* Which answers a kind of event makes old. */
function spoil(ev: JournalEvent) {
	const api = "/api/tocsin/v1/"
	const kind = ev.kind.split("_")[0]
	if (ev.subject.startsWith("ticket/")) invalidate(api + "tickets", api + "pages")
	if (kind === "alert" || kind === "group") invalidate(api + "alerts", "/api/v2/alerts")
	if (kind === "silence") invalidate("/api/v2/silences", api + "alerts", "/api/v2/alerts")
	if (kind === "resource") invalidate(api + "resources", api + "oncall", api + "tickets", api + "estate", api + "setup")
	if (kind === "access") invalidate(api + "tokens")
	invalidate(api + "events")
}

function onEvent(m: MessageEvent) {
	const ev = JSON.parse(m.data) as JournalEvent
	if (ev.seq <= seen) return
	seen = ev.seq
	spoil(ev)
	listeners.forEach((fn) => fn(ev))
}

const kinds =
	"alert_fired alert_resolved alert_changed alert_inhibited alert_silenced alert_released alert_routed group_muted group_notified silence_set silence_ended desk_decided ticket_opened ticket_joined ticket_left ticket_state ticket_priority ticket_assigned ticket_message ticket_linked sla_warned sla_breached escalation_started escalation_step escalation_skipped escalation_stopped page_sent page_receipt page_acknowledged page_passed notice_sent notice_failed resource_applied redacted access_changed access_denied core_missing core_back heads_signed started heartbeat_late heartbeat_back drill_finished samples_changed heartbeat_failed clock_changed"

function open() {
	source?.close()
	source = new EventSource("/api/tocsin/v1/live" + (seen ? "?after=" + seen : ""))
	source.onopen = () => {
		setState("live")
		if (lost) forgetAll()
		lost = 0
	}
	source.onerror = () => {
		lost ||= Date.now()
		setState("waiting")
		if (source?.readyState === EventSource.CLOSED) setTimeout(open, 3000)
	}
	for (const kind of kinds.split(" ")) source.addEventListener(kind, onEvent as EventListener)
}

let started = false
export function startLive() {
	if (started) return open()
	started = true
	open()
	let last = Date.now()
	setInterval(() => {
		/* the machine slept: timers stood still, the stream may be dead without a word */
		if (Date.now() - last > 20_000) {
			open()
			forgetAll()
		}
		last = Date.now()
	}, 5000)
}

export function stopLive() {
	source?.close()
	source = null
	setState("waiting")
}

export function useLive(fn: Listener) {
	const ref = useRef(fn)
	ref.current = fn
	useEffect(() => {
		const l: Listener = (ev) => ref.current(ev)
		listeners.add(l)
		return () => void listeners.delete(l)
	}, [])
}

export function useLiveState() {
	const [, turn] = useState(0)
	useEffect(() => {
		const fn = () => turn((n) => n + 1)
		watchers.add(fn)
		return () => void watchers.delete(fn)
	}, [])
	return state
}
