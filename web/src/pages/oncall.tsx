/*
 * oncall.tsx — who is on call, week by week: a lane per schedule, holes in red, an override drawn by dragging over the lane
 * or made by a form (for whoever has no mouse).
 */
import { useRef, useState } from "preact/hooks"
import { may, now, post, useGet } from "../api"
import { PageHead } from "../app"
import { dayName, exactTime, localInput, weekday, when } from "../format"
import { type Duty, type Resource, type Shift } from "../model"
import { setQuery, usePlace } from "../router"
import { locale, t } from "../words"
import { attempt, Button, Chip, FormDialog, Nothing, Panel, SelectField, Shown, TextField } from "../ui/basics"
import { useMask } from "../ui/mask"

const DAY = 864e5
const narrow = () => matchMedia("(max-width: 760px)").matches

function monday(at: number): number {
	const d = new Date(at)
	d.setHours(0, 0, 0, 0)
	d.setDate(d.getDate() - ((d.getDay() + 6) % 7))
	return d.getTime()
}

interface Span {
	schedule: string
	from: number
	to: number
}

function Override({ span, schedules, onClose }: { span: Span; schedules: string[]; onClose: () => void }) {
	const users = useGet<Resource<{ title?: string; role?: string }>[]>("/api/tocsin/v1/resources?kind=user")
	const [schedule, setSchedule] = useState(span.schedule || schedules[0] || "")
	const [user, setUser] = useState("")
	const [from, setFrom] = useState(localInput(span.from))
	const [to, setTo] = useState(localInput(span.to))
	const [why, setWhy] = useState("")
	const send = () => {
		const name = `${schedule}-${new Date(from).toISOString().slice(0, 16).replace(/\D/g, "")}-${user}`.slice(0, 63)
		return post("/api/tocsin/v1/resources", [{ kind: "override", name, spec: { schedule, user, from: new Date(from).toISOString(), to: new Date(to).toISOString(), why } }])
	}
	return (
		<FormDialog title={t("new_override")} done={t("save")} ready={!!user && !!schedule && from < to} onClose={onClose} onSend={send}>
			<SelectField label={t("schedule")} value={schedule} onInput={setSchedule} options={schedules.map((s) => [s, s])} />
			<SelectField label={t("on_call_instead")} value={user} onInput={setUser} options={[["", t("choose")], ...(users.data ?? []).filter((u) => u.spec.role !== "contact").map((u): [string, string] => [u.name, u.spec.title ? `${u.spec.title} (${u.name})` : u.name])]} />
			<div class="grid2">
				<TextField label={t("from")} type="datetime-local" value={from} onInput={setFrom} />
				<TextField label={t("to")} type="datetime-local" value={to} onInput={setTo} wrong={from >= to ? t("ends_before") : ""} />
			</div>
			<TextField label={t("reason")} value={why} onInput={setWhy} />
		</FormDialog>
	)
}

/* The shift on the clock of who has it, when that is another one than the reader's. */
function useTheirClock(): (s: Shift) => string {
	const users = useGet<Resource<{ time_zone?: string }>[]>("/api/tocsin/v1/resources?kind=user")
	const here = Intl.DateTimeFormat().resolvedOptions().timeZone
	return (s) => {
		const zone = users.data?.find((u) => u.name === s.user)?.spec.time_zone
		if (!zone || zone === here) return ""
		try {
			const at = (x: string) => new Intl.DateTimeFormat(locale(), { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }).format(new Date(x))
			return "\n" + t("their_clock", { from: at(s.from), to: at(s.to), user: s.user, zone })
		} catch {
			return "" /* a zone that this browser does not know */
		}
	}
}

function Lane({ duty, start, end, onDrag }: { duty: Duty; start: number; end: number; onDrag: (from: number, to: number) => void }) {
	const mask = useMask()
	const theirClock = useTheirClock()
	const box = useRef<HTMLDivElement>(null)
	const [drag, setDrag] = useState<[number, number] | null>(null)
	const pct = (at: number) => ((Math.min(end, Math.max(start, at)) - start) / (end - start)) * 100
	const at = (ev: PointerEvent) => {
		const r = box.current!.getBoundingClientRect()
		const raw = start + ((ev.clientX - r.left) / r.width) * (end - start)
		return Math.round(raw / 18e5) * 18e5
	}
	const shown = (s: Shift) => {
		const hole = !s.user
		return (
			<div
				class="shift"
				key={s.from + s.layer}
				data-hole={hole}
				data-override={s.layer === -1}
				style={{ left: pct(Date.parse(s.from)) + "%", width: Math.max(0.3, pct(Date.parse(s.to)) - pct(Date.parse(s.from))) + "%" }}
				title={`${hole ? t("hole") : s.user}: ${exactTime(s.from)} – ${exactTime(s.to)}${hole ? "" : theirClock(s)}\n${s.why}`}
			>
				{hole ? t("hole") : mask.name(s.user, "P")}
			</div>
		)
	}
	return (
		<div
			class="lane"
			ref={box}
			role="img"
			aria-label={t("lane_of", { name: duty.schedule })}
			onPointerDown={(ev) => {
				if (!may("operator")) return
				const x = at(ev as unknown as PointerEvent)
				setDrag([x, x])
				box.current!.setPointerCapture((ev as unknown as PointerEvent).pointerId)
			}}
			onPointerMove={(ev) => drag && setDrag([drag[0], at(ev as unknown as PointerEvent)])}
			onPointerUp={() => {
				if (drag && Math.abs(drag[1] - drag[0]) >= 36e5) onDrag(Math.min(...drag), Math.max(...drag))
				setDrag(null)
			}}
			onPointerCancel={() => setDrag(null)}
		>
			{(duty.shifts ?? []).map(shown)}
			{now() > start && now() < end && <div class="now" style={{ left: pct(now()) + "%" }} />}
			{drag && <div class="drag" style={{ left: pct(Math.min(...drag)) + "%", width: pct(Math.max(...drag)) - pct(Math.min(...drag)) + "%" }} />}
		</div>
	)
}

function Days({ start, days }: { start: number; days: number }) {
	const today = new Date(now()).toDateString()
	return (
		<div class="days" style={{ gridTemplateColumns: `repeat(${days}, minmax(0, 1fr))` }} aria-hidden="true">
			{Array.from({ length: days }, (_, i) => {
				const d = new Date(start)
				d.setDate(d.getDate() + i)
				return (
					<span key={i} data-today={d.toDateString() === today}>
						{days > 7 || !narrow() ? dayName(d) : weekday(d)}
					</span>
				)
			})}
		</div>
	)
}

export function OnCall() {
	const { query } = usePlace()
	const weeks = narrow() ? 1 : 2
	const start = Number(query.get("from")) || monday(now())
	const end = start + weeks * 7 * DAY
	const duties = useGet<Duty[]>(`/api/tocsin/v1/oncall?from=${new Date(start).toISOString()}&to=${new Date(end).toISOString()}`)
	const overrides = useGet<Resource<{ schedule: string; user: string; from: string; to: string; why?: string }>[]>("/api/tocsin/v1/resources?kind=override")
	const [span, setSpan] = useState<Span | null>(null)
	const mask = useMask()
	const names = (duties.data ?? []).map((d) => d.schedule)
	const holes = (duties.data ?? []).flatMap((d) => (d.shifts ?? []).filter((s) => !s.user && Date.parse(s.to) > now()).map((s) => ({ ...s, schedule: d.schedule })))
	const coming = (overrides.data ?? []).filter((o) => Date.parse(o.spec.to) > now())
	const move = (w: number) => setQuery("from", String(start + w * 7 * DAY))
	return (
		<>
			<PageHead title={t("oncall")}>
				{may("operator") && names.length > 0 && (
					<Button kind="primary" icon="plus" onClick={() => setSpan({ schedule: "", from: Math.ceil(now() / 36e5) * 36e5, to: Math.ceil(now() / 36e5) * 36e5 + 8 * 36e5 })}>
						{t("new_override")}
					</Button>
				)}
			</PageHead>
			<div class="page">
				<div class="row">
					<Button icon="left" label={t("earlier")} onClick={() => move(-1)} />
					<Button onClick={() => setQuery("from", "")}>{t("this_week")}</Button>
					<Button icon="right" label={t("later")} onClick={() => move(1)} />
					<span class="muted">
						{dayName(start)} – {dayName(end - DAY)} · {t("times_in", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}
					</span>
				</div>
				{holes.length > 0 && (
					<div class="panel" style={{ padding: "10px 12px", borderColor: "var(--critical)" }} role="alert">
						<strong style={{ color: "var(--critical)" }}>{t("n_holes", { n: holes.length })}</strong>{" "}
						{holes.slice(0, 4).map((h) => (
							<span class="muted" key={h.schedule + h.from}>
								{h.schedule}: {when(h.from)} – {when(h.to)}.{" "}
							</span>
						))}
					</div>
				)}
				<Panel title={t("schedules")} bare>
					<Shown
						of={duties}
						rows={4}
						empty={
							<Nothing title={t("no_schedule")}>
								{t("no_schedule_hint")} <a href="/admin?view=schedule">{t("admin")}</a>
							</Nothing>
						}
					>
						{(list) => (
							<>
								<div class="lanes">
									<span class="name" />
									<Days start={start} days={weeks * 7} />
								</div>
								{list.map((d) => (
									<div class="lanes" key={d.schedule}>
										<a class="name ellipsis" href={`/admin?view=schedule&name=${encodeURIComponent(d.schedule)}`}>
											{d.schedule}
										</a>
										<Lane duty={d} start={start} end={end} onDrag={(from, to) => setSpan({ schedule: d.schedule, from, to })} />
									</div>
								))}
							</>
						)}
					</Shown>
					{may("operator") && names.length > 0 && <p class="muted" style={{ padding: "8px 12px" }}>{t("drag_hint")}</p>}
				</Panel>
				{duties.data && <Panel title={t("overrides")} count={coming.length || ""} bare>
					<Shown of={{ ...overrides, data: overrides.data && coming }} empty={<Nothing title={t("no_override")} />}>
						{(list) => (
							<div class="scroll-x">
								<table class="table">
									<tbody>
										{list.map((o) => (
											<tr key={o.name}>
												<td>{o.spec.schedule}</td>
												<td>
													<strong>{mask.name(o.spec.user, "P")}</strong>
												</td>
												<td class="muted">
													{when(o.spec.from)} – {when(o.spec.to)}
												</td>
												<td class="wrap">{o.spec.why}</td>
												<td class="num">
													{o.managed ? (
														<Chip>{t("from_file")}</Chip>
													) : (
														may("operator") && (
															<Button small icon="trash" label={t("remove")} onClick={() => void attempt(() => post("/api/tocsin/v1/resources", [{ kind: "override", name: o.name, removed: true }]), t("removed"))} />
														)
													)}
												</td>
											</tr>
										))}
									</tbody>
								</table>
							</div>
						)}
					</Shown>
				</Panel>}
			</div>
			{span && <Override span={span} schedules={names} onClose={() => setSpan(null)} />}
		</>
	)
}
