/* format.ts — times, spans and numbers as the reader's language writes them. */
import { now } from "./api"
import { locale, t } from "./words"

const cache = new Map<string, Intl.DateTimeFormat>()

function formatter(kind: string, options: Intl.DateTimeFormatOptions) {
	const key = locale() + kind
	let f = cache.get(key)
	if (!f) cache.set(key, (f = new Intl.DateTimeFormat(locale(), options)))
	return f
}

/* All five languages write 24 hours as 09:05; a formatter would cost the first page 20 ms. */
export function clockTime(at: string | number | Date): string {
	const d = new Date(at)
	return `${String(d.getHours()).padStart(2, "0")}:${String(d.getMinutes()).padStart(2, "0")}`
}
export const exactTime = (at: string | number | Date) =>
	formatter("x", { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" }).format(new Date(at))
export const dayName = (at: string | number | Date) => formatter("d", { weekday: "short", day: "numeric", month: "short" }).format(new Date(at))
export const weekday = (at: string | number | Date) => formatter("w", { weekday: "short" }).format(new Date(at))
export const longDay = (at: string | number | Date) => formatter("l", { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(new Date(at))

export const sameDay = (a: string | number | Date, b: string | number | Date) => new Date(a).toDateString() === new Date(b).toDateString()

/* Today: the time; another day: the day too. */
export function when(at: string | number | Date): string {
	const d = new Date(at)
	return sameDay(d, now()) ? clockTime(d) : dayName(d) + " " + clockTime(d)
}

/* "2 h 05 min", "45 s", "3 d 4 h": two units at the most. */
export function span(ms: number): string {
	const s = Math.floor(Math.abs(ms) / 1000)
	const d = Math.floor(s / 86400)
	const h = Math.floor((s % 86400) / 3600)
	const m = Math.floor((s % 3600) / 60)
	const nb = "\u00a0"
	if (d) return `${d}${nb}${t("unit_d")}${h ? ` ${h}${nb}${t("unit_h")}` : ""}`
	if (h) return `${h}${nb}${t("unit_h")} ${String(m).padStart(2, "0")}${nb}${t("unit_min")}`
	if (m >= 10) return `${m}${nb}${t("unit_min")}`
	if (m) return `${m}${nb}${t("unit_min")} ${String(s % 60).padStart(2, "0")}${nb}${t("unit_s")}`
	return `${s}${nb}${t("unit_s")}`
}

export const ago = (at: string) => t("ago", { span: span(now() - Date.parse(at)) })

export const number = (n: number, digits = 0) => new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(n)

/* "5m", "4h" as the daemon writes durations, in milliseconds; NaN when it is none. */
export function parseSpan(text: string): number {
	const unit: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5, y: 31536e6 }
	if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) return NaN
	return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce((sum, m) => sum + +m[1] * unit[m[2]], 0)
}

/* As <input type="datetime-local"> takes a moment. */
export const localInput = (ms: number) => {
	const d = new Date(ms - new Date(ms).getTimezoneOffset() * 60e3)
	return d.toISOString().slice(0, 16)
}
