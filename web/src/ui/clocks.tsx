/* clocks.tsx — the two SLA clocks: small in lists, as bars with their pauses on the ticket's own page. */
import { now, useGet } from "../api"
import { exactTime, span, when } from "../format"
import { left, toneOfClock, type Clock, type Ticket } from "../model"
import { t, type Word } from "../words"
import { useTick } from "./basics"

export function clockWords(c: Clock): string {
	const l = left(c)
	if (c.state === "none") return t("clock_none")
	if (c.state === "stopped") return c.breached ? t("clock_stopped_late") : t("clock_stopped")
	if (c.state === "standing") return t("clock_standing")
	if (l === null) return t("clock_closed")
	return l < 0 ? t("clock_over", { span: span(l) }) : t("clock_left", { span: span(l) })
}

export function SmallClock({ name, of }: { name: "pickup" | "resolution"; of: Clock }) {
	useTick()
	const l = left(of)
	const used = of.limit_ms ? Math.min(1, l === null ? of.spent_ms / of.limit_ms : 1 - l / of.limit_ms) : 0
	const tone = toneOfClock(of)
	if (of.state === "none") return <div class="clock muted num">{t("clock_none")}</div>
	return (
		<div class="clock" data-tone={tone}>
			<div class="words">
				<span class="muted">{t(("clock_" + name) as Word)}</span>
				<b>{of.state === "running" && l !== null ? (l < 0 ? "−" : "") + span(l) : clockWords(of)}</b>
			</div>
			<svg class="gauge" data-tone={tone} viewBox="0 0 100 5" preserveAspectRatio="none" aria-hidden="true">
				<rect class="used" width={Math.max(0, used * 100)} height="5" />
			</svg>
		</div>
	)
}

interface Stretch {
	kind: "running" | "closed" | "standing"
	from: string
	to: string
	waits_for?: string
}

/* One clock from the opening to its end or its deadline: what ran, what was closed, what stood and why. */
function Bar({ name, of, stretches, opened }: { name: "pickup" | "resolution"; of: Clock; stretches: Stretch[]; opened: string }) {
	const start = Date.parse(opened)
	const ends = [...stretches.map((s) => Date.parse(s.to)), of.deadline ? Date.parse(of.deadline) : 0, of.stopped ? Date.parse(of.stopped) : 0]
	const end = Math.max(start + 60_000, ...ends)
	const x = (at: number) => ((at - start) / (end - start)) * 1000
	const present = of.stopped ? Date.parse(of.stopped) : now()
	const limit = of.deadline ? Date.parse(of.deadline) : 0
	const pauses = stretches.filter((s) => s.kind === "standing")
	return (
		<div class="clock" data-tone={toneOfClock(of)} style={{ gap: "5px" }}>
			<div class="words" style={{ fontSize: "13px" }}>
				<span>
					<strong>{t(("clock_" + name) as Word)}</strong> <span class="muted">{of.limit_ms ? t("clock_of", { spent: span(of.spent_ms), limit: span(of.limit_ms) }) : ""}</span>
				</span>
				<b>{clockWords(of)}</b>
			</div>
			{of.state !== "none" && (
				<svg class="clock-bar" viewBox="0 0 1000 26" preserveAspectRatio="none" role="img" aria-label={`${t(("clock_" + name) as Word)}: ${clockWords(of)}`}>
					<defs>
						<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
							<line class="hatch-line" y2="7" />
						</pattern>
					</defs>
					<rect class="ground" y="5" width="1000" height="16" rx="3" />
					{stretches
						.filter((s) => s.kind !== "closed")
						.map((s) => {
							const from = Date.parse(s.from)
							const to = Date.parse(s.to)
							return <rect key={s.from} class={s.kind === "standing" ? "standing" : of.breached && limit && from >= limit ? "over" : "running"} x={x(from)} y="5" width={Math.max(1.5, x(to) - x(from))} height="16" />
						})}
					{limit > 0 && <line class="limit" x1={x(limit)} x2={x(limit)} y1="1" y2="25" vector-effect="non-scaling-stroke" />}
					<line class="mark" x1={x(present)} x2={x(present)} y1="1" y2="25" vector-effect="non-scaling-stroke" />
				</svg>
			)}
			<div class="words muted">
				<span>{when(opened)}</span>
				{of.stopped ? <span title={exactTime(of.stopped)}>{t("clock_stopped_at", { at: when(of.stopped) })}</span> : of.deadline ? <span title={exactTime(of.deadline)}>{t("clock_deadline", { at: when(of.deadline) })}</span> : null}
			</div>
			{pauses.map((s) => (
				<div class="muted" key={s.from} style={{ fontSize: "12px" }}>
					{t("clock_stood", { from: when(s.from), span: span(Date.parse(s.to) - Date.parse(s.from)), why: t(("waits_" + (s.waits_for || "process")) as Word) })}
				</div>
			))}
		</div>
	)
}

export function ClockBars({ of }: { of: Ticket }) {
	useTick(5000)
	const a = useGet<{ pickup: Stretch[]; resolution: Stretch[] }>(`/api/tocsin/v1/tickets/${of.number}/clocks`)
	const lines = [of.clocks.pickup, of.clocks.resolution].filter((c) => c.state !== "none").length
	return (
		<div class="stack" style={{ gap: "16px", minHeight: lines * 76 + "px" }}>
			<Bar name="pickup" of={of.clocks.pickup} stretches={a.data?.pickup ?? []} opened={of.opened} />
			<Bar name="resolution" of={of.clocks.resolution} stretches={a.data?.resolution ?? []} opened={of.opened} />
		</div>
	)
}
