/* model.ts — what the daemon's answers look like, and the few things that are worked out from them here. */
import { now } from "./api"

export interface Clock {
	state: "none" | "running" | "standing" | "stopped"
	limit_ms: number
	spent_ms: number
	breached: boolean
	deadline: string | null
	stopped: string | null
}

export interface Ticket {
	number: number
	customer: string
	kind?: string
	state?: string
	suspension?: string
	until?: string | null
	priority?: string
	modality?: string
	title: string
	description?: string
	problem_type?: string
	team?: string
	assignee?: string
	opener?: string
	opened: string
	changed: string
	contract?: string
	policy?: string
	links?: { number: number }[]
	refers_to?: number
	alerts?: { fingerprint: string; name: string; firing?: boolean }[]
	escalation?: { climbing: boolean; step: number; round: number; due: string }
	clocks: { pickup: Clock; resolution: Clock }
}

export interface Cause {
	customer: string
	name: string
	severity: string
	count: number
	held_back: number
	since: string
	summary: string
	fingerprint: string
}

export interface AlertView {
	fingerprint: string
	labels: Record<string, string>
	annotations: Record<string, string>
	startsAt: string
	endsAt: string
	updatedAt: string
	generatorURL: string
	customer?: string
	receivers: { name: string }[]
	status: { state: string; silencedBy: string[]; inhibitedBy: string[]; mutedBy: string[] }
}

export interface Silence {
	id: string
	status: { state: string }
	comment: string
	createdBy: string
	startsAt: string
	endsAt: string
	customer?: string
	matchers: { name: string; value: string; isRegex: boolean; isEqual: boolean }[]
}

export interface Shift {
	user: string
	from: string
	to: string
	layer: number
	why: string
}
export interface Duty extends Shift {
	schedule: string
	shifts?: Shift[]
}

export interface Resource<S = Record<string, unknown>> {
	kind: string
	name: string
	customer?: string
	valid_from?: string
	managed?: string
	by?: string
	spec: S
}

export interface Page {
	id: string
	ticket: number
	customer: string
	user: string
	why: string
	state: string
	rung: number
	sent: string
	title: string
	priority: string
}

/* Alertmanager's list of alerts of these names. */
export function alertsNamed(names: string[]): string {
	const quoted = names.length === 1 ? `alertname=${JSON.stringify(names[0])}` : `alertname=~${JSON.stringify(names.map((n) => n.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"))}`
	return "/api/v2/alerts?filter=" + encodeURIComponent(quoted)
}

export const stateOf = (k: Ticket) => k.state ?? "proposed"
export const priorityOf = (k: Ticket) => k.priority ?? "none"
export const isOver = (k: Ticket) => stateOf(k) === "closed" || stateOf(k) === "rejected"

/* What is left of a clock in ms (negative: over); null when it does not run or promises nothing. */
export function left(c: Clock): number | null {
	if (c.state === "running" && c.deadline) return Date.parse(c.deadline) - now()
	return null
}

/* The same question for thousands: RFC 3339 in UTC of one width, texts sort as the times do. */
export const isLate = (c: Clock, present: string) => c.state === "running" && !!c.deadline && c.deadline < present

/* The clock that matters now: pickup while nobody took it, resolution after. */
export function clockOf(k: Ticket): ["pickup" | "resolution", Clock] {
	const { pickup, resolution } = k.clocks
	return pickup.state === "running" || pickup.state === "standing" ? ["pickup", pickup] : ["resolution", resolution]
}

/* By the time that is left; tickets without a running clock after those with one, the urgent first. */
const rank: Record<string, number> = { critical: 0, high: 1, medium: 2, low: 3, none: 4 }
export function byUrgency(tickets: Iterable<Ticket>): Ticket[] {
	const keyed = Array.from(tickets, (k): [string, number, Ticket] => {
		const c = clockOf(k)[1]
		/* RFC 3339 in UTC with one width: the texts sort as the times do */
		return [c.state === "running" && c.deadline ? c.deadline : "~", rank[priorityOf(k)] * 1e9 + k.number, k]
	})
	keyed.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]))
	return keyed.map((x) => x[2])
}

export function toneOfClock(c: Clock): "good" | "high" | "critical" | undefined {
	if (c.breached) return "critical"
	if (c.state === "stopped") return "good"
	const l = left(c)
	if (l === null) return undefined
	return l < 0 ? "critical" : l < c.limit_ms / 4 ? "high" : undefined
}
