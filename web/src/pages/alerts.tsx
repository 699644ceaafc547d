/* alerts.tsx — what fires, by group; the silences and what each hides; and why somebody was, or was not, called. */
import { useMemo, useState } from "preact/hooks"
import { ask, may, now, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { ago, span, when } from "../format"
import { type JournalEvent } from "../live"
import { alertsNamed, type AlertView, type Cause, type Silence } from "../model"
import { setQuery, usePlace } from "../router"
import { t } from "../words"
import { attempt, Button, Chip, Dialog, Field, FormDialog, Loading, Nothing, Panel, Segmented, Severity, Shown, TextField, useTick } from "../ui/basics"
import { Customer } from "../ui/customer"
import { useMask } from "../ui/mask"
import { Timeline } from "../ui/timeline"

interface MatcherRow {
	name: string
	value: string
	isRegex: boolean
	isEqual: boolean
}
const written = (m: MatcherRow) => `${m.name}${m.isEqual ? (m.isRegex ? "=~" : "=") : m.isRegex ? "!~" : "!="}"${m.value}"`

function parseMatchers(text: string): MatcherRow[] | null {
	const rows: MatcherRow[] = []
	for (const part of text.split("\n").map((s) => s.trim()).filter(Boolean)) {
		const m = /^([A-Za-z_][\w.:-]*)\s*(=~|!~|!=|=)\s*"?(.*?)"?$/.exec(part)
		if (!m) return null
		rows.push({ name: m[1], value: m[3], isRegex: m[2].endsWith("~"), isEqual: m[2][0] === "=" })
	}
	return rows.length ? rows : null
}

const matches = (rows: MatcherRow[], labels: Record<string, string>) =>
	rows.every((m) => {
		const v = labels[m.name] ?? ""
		let hit = v === m.value
		if (m.isRegex)
			try {
				hit = new RegExp(`^(?:${m.value})$`).test(v)
			} catch {
				hit = false
			}
		return hit === m.isEqual
	})

export function NewSilence({ from, onClose, alerts }: { from?: AlertView; onClose: () => void; alerts: AlertView[] }) {
	const [text, setText] = useState(() => (from ? Object.entries(from.labels).map(([n, v]) => `${n}="${v}"`).join("\n") : ""))
	const [hours, setHours] = useState("2")
	const [comment, setComment] = useState("")
	const rows = parseMatchers(text)
	const hides = rows ? alerts.filter((a) => matches(rows, a.labels) && (!from || (a.customer ?? "default") === (from.customer ?? "default"))) : []
	const send = async () => {
		const start = new Date(now())
		const body = { matchers: rows, startsAt: start.toISOString(), endsAt: new Date(start.getTime() + Number(hours) * 3600e3).toISOString(), createdBy: whoAmI()?.user ?? "", comment }
		const r = await fetch("/api/v2/silences", {
			method: "POST",
			headers: { "Content-Type": "application/json", "X-CSRF-Token": whoAmI()?.csrf ?? "", ...(from?.customer ? { "X-Scope-OrgID": from.customer } : {}) },
			body: JSON.stringify(body),
		})
		if (!r.ok) throw new Error(JSON.parse(await r.text()))
	}
	return (
		<FormDialog title={t("new_silence")} done={t("silence_it")} ready={!!rows && !!comment.trim() && Number(hours) > 0} onClose={onClose} onSend={send}>
			<TextField label={t("matchers")} hint={t("matchers_hint")} rows={4} mono value={text} onInput={setText} wrong={text.trim() && !rows ? t("matchers_wrong") : ""} />
			<div class="grid2">
				<TextField label={t("for_hours")} type="number" value={hours} onInput={setHours} />
				<TextField label={t("reason")} value={comment} onInput={setComment} required />
			</div>
			<Field label={t("hides_now")} hint={hides.slice(0, 5).map((a) => a.labels.alertname).join(", ")}>
				{(id) => <output id={id}>{t("n_alerts", { n: hides.length })}</output>}
			</Field>
		</FormDialog>
	)
}

function Why({ of, onClose }: { of: AlertView; onClose: () => void }) {
	const events = useGet<JournalEvent[]>(`/api/tocsin/v1/events?limit=2000&subject=alert/${of.fingerprint}`)
	return (
		<Dialog title={t("why_called", { name: of.labels.alertname })} onClose={onClose} wide>
			<Shown of={events} empty={<Nothing title={t("nothing_happened")} />}>
				{(list) => <Timeline events={list} />}
			</Shown>
		</Dialog>
	)
}

function AlertRow({ of: a, onSilence, onWhy }: { of: AlertView; onSilence: () => void; onWhy: () => void }) {
	const mask = useMask()
	const held = a.status.silencedBy.length ? t("silenced") : a.status.inhibitedBy.length ? t("inhibited") : a.status.mutedBy.length ? t("muted_by_hours") : ""
	return (
		<tr>
			<td>
				<Severity of={a.labels.severity ?? ""} />
			</td>
			<td>
				<strong class="wrap">{mask.text(a.labels.alertname ?? "")}</strong> {held && <Chip icon="pause">{held}</Chip>}
				<div class="muted wrap">{mask.text(a.annotations.summary ?? a.annotations.description ?? "")}</div>
				<div class="row flow" style={{ gap: "4px", marginTop: "3px" }}>
					{Object.entries(a.labels)
						.filter(([n]) => n !== "alertname" && n !== "severity")
						.slice(0, 8)
						.map(([n, v]) => (
							<code class="chip" style={{ fontWeight: 400 }} key={n}>
								{n}={mask.text(v)}
							</code>
						))}
				</div>
			</td>
			<td class="muted num" title={a.startsAt}>
				{ago(a.startsAt)}
			</td>
			<td class="num">
				<Button small kind="plain" onClick={onWhy}>
					{t("why")}
				</Button>
				{may("operator") && (
					<Button small kind="plain" onClick={onSilence}>
						{t("silence")}
					</Button>
				)}
			</td>
		</tr>
	)
}

const ALL_AT_ONCE = 500 /* more alerts than this are shown by their causes first */

/* Thousands of alerts: a line for each cause, and its alerts behind it. */
function ByCause({ causes, customer }: { causes: Cause[]; customer: string }) {
	const mask = useMask()
	return (
		<Panel title={t("wrong_now")} count={causes.reduce((n, c) => n + c.count, 0)} bare>
			<div class="scroll-x">
				<table class="table">
					<tbody>
						{causes
							.filter((c) => !customer || c.customer === customer)
							.slice(0, 1000)
							.map((c) => (
								<tr key={c.customer + "/" + c.name}>
									<td>
										<Severity of={c.severity} />
									</td>
									<td>
										<Customer name={c.customer} />
									</td>
									<td>
										<a href={`/alerts?customer=${encodeURIComponent(c.customer)}&name=${encodeURIComponent(c.name)}`}>{mask.text(c.name)}</a>
										<div class="muted">{mask.text(c.summary)}</div>
									</td>
									<td class="num">{t("n_alerts", { n: c.count })}</td>
									<td class="num muted">{ago(c.since)}</td>
								</tr>
							))}
					</tbody>
				</table>
			</div>
		</Panel>
	)
}

function Firing({ customer, name }: { customer: string; name: string }) {
	const causes = useGet<Cause[]>("/api/tocsin/v1/causes")
	const total = causes.data?.reduce((n, c) => n + c.count, 0) ?? 0
	if (!name && total > ALL_AT_ONCE) return <ByCause causes={causes.data ?? []} customer={customer} />
	if (!name && !causes.data && !causes.trouble) return <Loading rows={6} />
	return <Listed customer={customer} name={name} />
}

function Listed({ customer, name }: { customer: string; name: string }) {
	const alerts = useGet<AlertView[]>(name ? alertsNamed([name]) : "/api/v2/alerts")
	const [silence, setSilence] = useState<AlertView | null>(null)
	const [why, setWhy] = useState<AlertView | null>(null)
	const [shown, setShown] = useState(200)
	useTick(30_000)
	const groups = useMemo(() => {
		const by = new Map<string, AlertView[]>()
		for (const a of alerts.data ?? []) {
			const c = a.customer ?? "default"
			if ((customer && c !== customer) || (name && a.labels.alertname !== name)) continue
			by.set(c, [...(by.get(c) ?? []), a])
		}
		return [...by].sort()
	}, [alerts.data, customer, name])
	return (
		<>
			<Shown of={alerts} rows={6} empty={<Nothing title={t("all_quiet")}>{t("all_quiet_hint")}</Nothing>}>
				{(all) =>
					groups.length ? (
						<>
							{groups.map(([c, list]) => (
								<Panel key={c} title={<Customer name={c} />} count={list.length} bare>
									<div class="scroll-x">
										<table class="table">
											<thead>
												<tr>
													<th>{t("severity")}</th>
													<th>{t("alert")}</th>
													<th class="num">{t("since")}</th>
													<th />
												</tr>
											</thead>
											<tbody>
												{list.slice(0, shown).map((a) => (
													<AlertRow key={a.fingerprint} of={a} onSilence={() => setSilence(a)} onWhy={() => setWhy(a)} />
												))}
											</tbody>
										</table>
									</div>
									{list.length > shown && (
										<div class="inside row" style={{ justifyContent: "center", padding: "8px" }}>
											<Button onClick={() => setShown(shown + 500)}>{t("show_more", { n: list.length - shown })}</Button>
										</div>
									)}
								</Panel>
							))}
							{silence && <NewSilence from={silence} alerts={all} onClose={() => setSilence(null)} />}
						</>
					) : (
						<Nothing title={t("no_alert_fits")} />
					)
				}
			</Shown>
			{why && <Why of={why} onClose={() => setWhy(null)} />}
		</>
	)
}

function Silences() {
	const silences = useGet<Silence[]>("/api/v2/silences")
	const alerts = useGet<AlertView[]>("/api/v2/alerts")
	const [make, setMake] = useState(false)
	useTick(30_000)
	const list = (silences.data ?? []).filter((s) => s.status.state !== "expired")
	const over = (silences.data ?? []).filter((s) => s.status.state === "expired").slice(0, 20)
	const hides = (s: Silence) => (alerts.data ?? []).filter((a) => a.status.silencedBy.includes(s.id)).length
	const row = (s: Silence) => (
		<tr key={s.id}>
			<td class="wrap">
				{s.matchers.map((m) => (
					<code class="chip" style={{ fontWeight: 400 }} key={m.name + m.value}>
						{written(m)}
					</code>
				))}
				<div class="muted">{s.comment}</div>
			</td>
			<td>{s.createdBy}</td>
			<td class="num">{s.status.state === "expired" ? t("over") : s.status.state === "pending" ? t("begins", { at: when(s.startsAt) }) : t("in_span", { span: span(Date.parse(s.endsAt) - now()) })}</td>
			<td class="num">{hides(s)}</td>
			<td class="num">
				{s.status.state !== "expired" && may("operator") && (
					<Button small onClick={() => void attempt(() => ask("DELETE", `/api/v2/silence/${s.id}`), t("silence_ended"))}>
						{t("end_now")}
					</Button>
				)}
			</td>
		</tr>
	)
	return (
		<>
			<Panel
				title={t("silences")}
				count={silences.data ? list.length : ""}
				bare
				actions={
					may("operator") && (
						<Button icon="plus" onClick={() => setMake(true)}>
							{t("new_silence")}
						</Button>
					)
				}
			>
				<Shown of={{ ...silences, data: silences.data && [...list, ...over] }} empty={<Nothing title={t("no_silence")}>{t("no_silence_hint")}</Nothing>}>
					{(all) => (
						<div class="scroll-x">
							<table class="table">
								<thead>
									<tr>
										<th>{t("matchers")}</th>
										<th>{t("by")}</th>
										<th class="num">{t("ends")}</th>
										<th class="num">{t("hides")}</th>
										<th />
									</tr>
								</thead>
								<tbody>{all.map(row)}</tbody>
							</table>
						</div>
					)}
				</Shown>
			</Panel>
			{make && <NewSilence alerts={alerts.data ?? []} onClose={() => setMake(false)} />}
		</>
	)
}

export function Alerts() {
	const { query } = usePlace()
	const view = query.get("view") ?? "firing"
	const customer = query.get("customer") ?? ""
	const name = query.get("name") ?? ""
	return (
		<>
			<PageHead title={t("alerts")} />
			<div class="page">
				<div class="row flow">
					<Segmented
						label={t("alerts")}
						value={view}
						onInput={(v) => setQuery("view", v)}
						options={[
							["firing", t("firing")],
							["silences", t("silences")],
						]}
					/>
					{[["customer", customer], ["name", name]].map(([key, v]) =>
						v ? (
							<Button small key={key} icon="cross" onClick={() => setQuery(key, "")}>
								{v}
							</Button>
						) : null,
					)}
				</div>
				{view === "silences" ? <Silences /> : <Firing customer={customer} name={name} />}
			</div>
		</>
	)
}
