/*
 * rules.tsx — the rules at work and their state; and what a change to them would have done, before it is made: over stored
 * history, beside what the present rules did.
 */
import { useMemo, useState } from "preact/hooks"
import { now, post, useGet } from "../api"
import { PageHead } from "../app"
import { ago, exactTime, number, span, when } from "../format"
import { localInput } from "../format"
import { setQuery, usePlace } from "../router"
import { t } from "../words"
import { Button, Chip, Loading, Nothing, Panel, Priority, Segmented, SelectField, Shown, TextField, troubleText, useTick } from "../ui/basics"
import { AlertHistory } from "../ui/history"
import { useMask } from "../ui/mask"

interface Alert {
	labels: Record<string, string>
	state: string
	activeAt: string
	value: string
}
interface Rule {
	name: string
	query: string
	type: string
	state?: string
	health: string
	lastError?: string
	lastEvaluation: string
	evaluationTime: number
	duration?: number
	alerts?: Alert[]
	labels?: Record<string, string>
	annotations?: Record<string, string>
}
interface Group {
	name: string
	file: string
	interval: number
	customer?: string
	rules: Rule[]
}

const order: Record<string, number> = { firing: 0, pending: 1, inactive: 2 }

function RuleRow({ of: r, customer }: { of: Rule; customer?: string }) {
	const mask = useMask()
	const [open, setOpen] = useState(false)
	const state = r.health === "err" ? "error" : (r.state ?? r.type)
	return (
		<tr>
			<td style={{ width: "110px" }}>
				<Chip tone={r.health === "err" ? "critical" : r.state === "firing" ? "critical" : r.state === "pending" ? "high" : "good"}>{state}</Chip>
			</td>
			<td>
				<strong class="wrap">{mask.text(r.name)}</strong> {!!r.duration && <span class="muted">{t("for_span", { span: span(r.duration * 1000) })}</span>}
				<div>
					<a class="mono wrap" href={`/explore?q=${encodeURIComponent(r.query)}`}>
						{r.query}
					</a>
				</div>
				{r.lastError && <div class="wrap" style={{ color: "var(--critical)" }}>{r.lastError}</div>}
				{(r.alerts ?? []).slice(0, 10).map((a) => (
					<div class="muted wrap" key={JSON.stringify(a.labels)}>
						{a.state} {ago(a.activeAt)}: {Object.entries(a.labels).filter(([n]) => n !== "alertname").map(([n, v]) => `${n}=${mask.text(v)}`).join(", ")} = {a.value}
					</div>
				))}
				{r.type === "alerting" && (
					<details onToggle={(ev) => setOpen((ev.target as HTMLDetailsElement).open)}>
						<summary class="muted">{t("history")}</summary>
						{open && <AlertHistory name={r.name} customer={customer} />}
					</details>
				)}
			</td>
			<td class="num muted hide-narrow">
				{Date.parse(r.lastEvaluation) > 1e11 ? ago(r.lastEvaluation) : ""}
				<div>{number(r.evaluationTime * 1000, 1)} ms</div>
			</td>
		</tr>
	)
}

function AtWork() {
	const rules = useGet<{ data: { groups: Group[] } }>("/api/v1/rules")
	useTick(15_000)
	return (
		<Shown of={rules} rows={6}>
			{({ data }) =>
				data.groups.length ? (
					<>
						{data.groups.map((g) => (
							<Panel key={g.file + g.name} title={<span class="as-is">{g.name}</span>} count={g.rules.length} bare actions={<span class="muted ellipsis hide-narrow">{g.file} · {span(g.interval * 1000)}</span>}>
								<div class="scroll-x">
									<table class="table">
										<tbody>
											{[...g.rules].sort((a, b) => (order[a.state ?? ""] ?? 3) - (order[b.state ?? ""] ?? 3)).map((r) => (
												<RuleRow of={r} customer={g.customer} key={r.type + r.name + r.query} />
											))}
										</tbody>
									</table>
								</div>
							</Panel>
						))}
					</>
				) : (
					<Nothing title={t("no_rules")}>{t("no_rules_hint")}</Nothing>
				)
			}
		</Shown>
	)
}

/* ---- replay ---- */

interface History {
	rules: { group: string; name: string; query: string; evaluations: number; episodes: number; fired: number; secondsFiring: number; error?: string }[]
	episodes: { rule: string; labels: Record<string, string>; value: string; pendingAt?: string; firingAt?: string; endedAt?: string }[]
	episodesTotal: number
	tickets?: { number: number; customer: string; title: string; priority: string; openedAt: string }[]
	pages?: { at: string; user: string; channel: string; ticket: number; why: string }[]
	ticketsTotal?: number
	pagesTotal?: number
}
interface Replayed {
	from: string
	to: string
	proposed?: History
	present: History
	assumed: string
	seconds: number
}

const atNight = (at: string) => {
	const h = new Date(at).getHours()
	return h >= 22 || h < 7
}

function Side({ title, of: h }: { title: string; of: History }) {
	const mask = useMask()
	const night = (h.pages ?? []).filter((p) => atNight(p.at)).length
	const byPerson = useMemo(() => {
		const m = new Map<string, number>()
		for (const p of h.pages ?? []) m.set(p.user, (m.get(p.user) ?? 0) + 1)
		return [...m].sort((a, b) => b[1] - a[1])
	}, [h])
	return (
		<Panel title={title} bare>
			<dl class="facts" style={{ padding: "10px 12px" }}>
				<dt>{t("would_fire")}</dt>
				<dd>{number(h.rules.reduce((n, r) => n + r.fired, 0))}</dd>
				<dt>{t("tickets")}</dt>
				<dd>{number(h.ticketsTotal ?? 0)}</dd>
				<dt>{t("would_call")}</dt>
				<dd>
					{number(h.pagesTotal ?? 0)} {night > 0 && <Chip tone="high" icon="moon">{t("n_at_night", { n: night })}</Chip>}
				</dd>
				{byPerson.slice(0, 5).map(([u, n]) => [
					<dt key={u} class="muted">
						{mask.name(u, "P")}
					</dt>,
					<dd key={u + "n"}>{n}</dd>,
				])}
			</dl>
			<div class="scroll-x" style={{ maxHeight: "44vh", overflowY: "auto" }} tabIndex={0} role="region" aria-label={title}>
				<table class="table">
					<tbody>
						{h.rules.filter((r) => r.error).map((r) => (
							<tr key={r.group + r.name}>
								<td colSpan={3} class="wrap" style={{ color: "var(--critical)" }}>
									{r.name}: {r.error}
								</td>
							</tr>
						))}
						{h.episodes.slice(0, 200).map((e, i) => (
							<tr key={i}>
								<td class="muted num" title={e.pendingAt && exactTime(e.pendingAt)}>
									{when(e.firingAt ?? e.pendingAt ?? "")}
								</td>
								<td class="wrap">
									<strong>{mask.text(e.rule)}</strong>{" "}
									<span class="muted">{Object.entries(e.labels).filter(([n]) => n !== "alertname").map(([n, v]) => `${n}=${mask.text(v)}`).join(", ")}</span>
								</td>
								<td class="num">{e.firingAt ? (e.endedAt ? span(Date.parse(e.endedAt) - Date.parse(e.firingAt)) : t("firing")) : t("only_pending")}</td>
							</tr>
						))}
					</tbody>
				</table>
				{!h.episodes.length && <Nothing title={t("never_held")} />}
			</div>
			{!!h.tickets?.length && (
				<ul class="list" style={{ borderTop: "1px solid var(--line)" }}>
					{h.tickets.slice(0, 20).map((k) => (
						<li key={k.number} class="row" style={{ padding: "5px 12px" }}>
							<Priority of={k.priority} />
							<span class="grow ellipsis">{mask.text(k.title)}</span>
							<span class="muted num">{when(k.openedAt)}</span>
						</li>
					))}
				</ul>
			)}
		</Panel>
	)
}

const example = `groups:
  - name: tried
    rules:
      - alert: DiskFull
        expr: node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1
        for: 5m
        labels: {severity: critical}
`

function Replay() {
	const [rules, setRules] = useState(() => sessionStorage.getItem("tocsin.draft.rules") ?? example)
	const [from, setFrom] = useState(localInput(now() - 7 * 864e5))
	const [to, setTo] = useState(localInput(now()))
	const [answers, setAnswers] = useState("yes")
	const [busy, setBusy] = useState(false)
	const [wrong, setWrong] = useState("")
	const [said, setSaid] = useState<Replayed | null>(null)
	const run = async (ev: Event) => {
		ev.preventDefault()
		if (busy) return
		setBusy(true)
		setWrong("")
		sessionStorage.setItem("tocsin.draft.rules", rules)
		try {
			setSaid(await post<Replayed>("/api/tocsin/v1/rules/replay", { rules, from: new Date(from).toISOString(), to: new Date(to).toISOString(), rehearse: true, nobody_answers: answers === "no" }))
		} catch (e) {
			setSaid(null)
			setWrong(troubleText(e))
		}
		setBusy(false)
	}
	return (
		<>
			<Panel title={t("replay")}>
				<form class="stack" onSubmit={run}>
					<p class="muted">{t("replay_hint")}</p>
					<TextField label={t("rules_yaml")} rows={10} mono value={rules} onInput={setRules} />
					<div class="grid2">
						<TextField label={t("from")} type="datetime-local" value={from} onInput={setFrom} />
						<TextField label={t("to")} type="datetime-local" value={to} onInput={setTo} />
						<SelectField label={t("who_answers")} value={answers} onInput={setAnswers} options={[["yes", t("first_answers")], ["no", t("nobody_answers")]]} />
					</div>
					{wrong && (
						<pre role="alert" style={{ color: "var(--critical)" }}>
							{wrong}
						</pre>
					)}
					<div>
						<Button submit kind="primary" disabled={busy || !rules.trim()}>
							{t("replay_now")}
						</Button>
					</div>
				</form>
			</Panel>
			{busy && <Loading rows={6} />}
			{said && !busy && (
				<>
					<p class="muted">
						{exactTime(said.from)} – {exactTime(said.to)} · {number(said.seconds, 2)} s
					</p>
					<div class="columns" style={{ gridTemplateColumns: "repeat(auto-fit, minmax(320px, 1fr))" }}>
						{said.proposed && <Side title={t("with_these")} of={said.proposed} />}
						<Side title={t("with_present")} of={said.present} />
					</div>
				</>
			)}
		</>
	)
}

/* ---- suggestions ---- */

interface Suggestion {
	group: string
	name: string
	finding: string
	text: string
	change?: string
	firedNow?: number
	firedThen?: number
}

function Suggest() {
	const a = useGet<{ suggestions: Suggestion[] }>("/api/tocsin/v1/rules/suggest?days=30")
	return (
		<Panel title={t("suggestions")} bare>
			<Shown of={a} rows={4}>
				{({ suggestions }) =>
					suggestions.length ? (
						<ul class="list">
							{suggestions.map((s) => (
								<li key={s.group + s.name} style={{ padding: "9px 12px" }}>
									<div class="row flow">
										<strong>{s.name}</strong>
										<Chip tone="medium">{s.finding}</Chip>
										{s.firedThen !== undefined && <span class="muted">{t("fires_then", { now: s.firedNow ?? 0, then: s.firedThen })}</span>}
									</div>
									<p class="muted wrap">{s.text}</p>
									{s.change && <code>{s.change}</code>}
								</li>
							))}
						</ul>
					) : (
						<Nothing title={t("no_suggestion")} />
					)
				}
			</Shown>
		</Panel>
	)
}

export function Rules() {
	const { query } = usePlace()
	const view = query.get("view") ?? "work"
	return (
		<>
			<PageHead title={t("rules")} />
			<div class="page">
				<div class="row">
					<Segmented label={t("rules")} value={view} onInput={(v) => setQuery("view", v === "work" ? "" : v)} options={[["work", t("at_work")], ["replay", t("replay")], ["suggest", t("suggestions")]]} />
				</div>
				{view === "replay" ? <Replay /> : view === "suggest" ? <Suggest /> : <AtWork />}
			</div>
		</>
	)
}
