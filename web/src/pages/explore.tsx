/* explore.tsx — PromQL as a graph, a table and a plan with its cost; the address holds everything, so that it can be shared. */
import { useMemo, useState } from "preact/hooks"
import { now, of, useGet } from "../api"
import { PageHead } from "../app"
import { exactTime, parseSpan, span } from "../format"
import { setQuery, usePlace } from "../router"
import { t, type Word } from "../words"
import { Loading, Nothing, Panel, Segmented, Shown } from "../ui/basics"
import { Chart, colourOf, linesOf, metricName, rangePath, short, type Line, type PromResult } from "../ui/chart"
import { CustomerField } from "../ui/customer"
import { Periods } from "../ui/periods"
import { Plan } from "../ui/plan"
import { QueryField } from "../ui/promql"

const spans = ["15m", "1h", "6h", "1d", "7d", "30d"]

interface Sample {
	metric: Record<string, string>
	value: [number, string]
}

function Table({ q, customer }: { q: string; customer: string }) {
	const a = useGet<PromResult>(q ? of(`/api/v1/query?query=${encodeURIComponent(q)}`, customer) : null)
	return (
		<Shown of={a} rows={4}>
			{(r) => {
				if (r.data.resultType === "scalar" || r.data.resultType === "string") return <p class="mono" style={{ padding: "12px" }}>{(r.data.result as [number, string])[1]}</p>
				const list = r.data.result as Sample[]
				if (!list.length) return <Nothing title={t("no_data")}>{t("no_data_hint")}</Nothing>
				return (
					<div class="scroll-x" style={{ maxHeight: "60vh", overflowY: "auto" }} tabIndex={0} role="region" aria-label={t("table")}>
						<table class="table">
							<thead>
								<tr>
									<th>{t("series")}</th>
									<th class="num">{t("value")}</th>
								</tr>
							</thead>
							<tbody>
								{list.slice(0, 2000).map((s) => (
									<tr key={metricName(s.metric)}>
										<td class="mono wrap">{metricName(s.metric)}</td>
										<td class="num mono">{s.value?.[1]}</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				)
			}}
		</Shown>
	)
}

/* What each line did within the range, for the legend. */
const figures: [Word, (ys: number[]) => number][] = [
	["smallest", (ys) => ys.reduce((a, y) => Math.min(a, y), Infinity)],
	["mean", (ys) => ys.reduce((a, y) => a + y, 0) / ys.length],
	["largest", (ys) => ys.reduce((a, y) => Math.max(a, y), -Infinity)],
	["newest", (ys) => ys[ys.length - 1]],
]
const DRAWN = 50

function Legend({ lines, off, onToggle }: { lines: Line[]; off: Set<string>; onToggle: (label: string) => void }) {
	return (
		<div class="scroll-x" style={{ maxHeight: "30vh", overflowY: "auto" }} tabIndex={0} role="region" aria-label={t("series")}>
			<table class="table dense">
				<thead>
					<tr>
						<th>{t("series")}</th>
						{figures.map(([word]) => (
							<th class="num" key={word}>
								{t(word)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{lines.slice(0, DRAWN).map((l) => (
						<tr key={l.label}>
							<td>
								<button class="legend" aria-pressed={!off.has(l.label)} onClick={() => onToggle(l.label)}>
									<svg width="14" height="8" aria-hidden="true">
										<line x2="14" y1="4" y2="4" stroke={off.has(l.label) ? "currentColor" : colourOf(l.colour ?? 0)} stroke-width="3" />
									</svg>
									<span class="mono wrap">{l.label}</span>
								</button>
							</td>
							{figures.map(([word, of]) => (
								<td class="num mono" key={word}>
									{l.points.length ? short(of(l.points.map((p) => p[1]))) : ""}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	)
}

function Graph({ q, customer, from, to, back, onZoom }: { q: string; customer: string; from: number; to: number; back: string; onZoom: (a: number, b: number) => void }) {
	const shift = back ? parseSpan(back) / 1000 : 0
	const a = useGet<PromResult>(q ? rangePath(q, from, to, customer) : null)
	const before = useGet<PromResult>(q && shift ? rangePath(q, from - shift, to - shift, customer) : null)
	const [off, setOff] = useState<Set<string>>(new Set())
	const lines = useMemo(() => (a.data ? linesOf(a.data).map((l, i) => ({ ...l, colour: i })) : []), [a.data])
	const past = useMemo(() => {
		const place = new Map(lines.map((l) => [l.label, l.colour]))
		return (shift && before.data ? linesOf(before.data) : []).map((l, i): Line => ({ ...l, colour: place.get(l.label) ?? lines.length + i, past: true, points: l.points.map(([x, y]) => [x + shift, y]) }))
	}, [before.data, lines, shift])
	const shown = useMemo(() => [...lines, ...past].filter((l) => !off.has(l.label)).slice(0, 2 * DRAWN), [lines, past, off])
	const toggle = (label: string) =>
		setOff((s) => {
			const n = new Set(s)
			if (!n.delete(label)) n.add(label)
			return n
		})
	return (
		<Shown of={a} rows={8}>
			{(r) =>
				lines.length || past.length ? (
					<div class="stack">
						<Said by={r} />
						<Chart lines={shown} height={320} from={from} to={to} onZoom={onZoom} label={t("graph_of", { name: q })} />
						<Legend lines={lines} off={off} onToggle={toggle} />
						{lines.length > DRAWN && <p class="muted">{t("only_first", { n: DRAWN, all: lines.length })}</p>}
					</div>
				) : (
					<>
						<Said by={r} />
						<Nothing title={t("no_data")}>{t("no_data_hint")}</Nothing>
					</>
				)
			}
		</Shown>
	)
}

/* What the daemon wants to say beside the answer. */
function Said({ by }: { by: PromResult }) {
	const all = [...(by.warnings ?? []), ...(by.infos ?? [])]
	return (
		<>
			{all.slice(0, 10).map((w) => (
				<p class="wrap notice-bar" key={w}>
					{w}
				</p>
			))}
		</>
	)
}

export function Explore() {
	const { query } = usePlace()
	const q = query.get("q") ?? query.get("g0.expr") ?? "" /* g0.expr: as the links of alerts have it */
	const view = query.get("view") ?? "graph"
	const range = query.get("range") ?? "1h"
	const back = query.get("back") ?? ""
	const customer = query.get("customer") ?? ""
	const [anchor, setAnchor] = useState(() => Math.floor(now() / 1000))
	/* asked before it is run, so that what is wrong is an answer and not a failed request */
	const checked = useGet<{ error?: string; selector?: boolean }>(q ? "/api/tocsin/v1/promql/check?query=" + encodeURIComponent(q) : null)
	const to = Number(query.get("to")) || anchor
	const from = Number(query.get("from")) || to - (parseSpan(range) || 3600e3) / 1000
	return (
		<>
			<PageHead title={t("explore")}>
				<CustomerField value={customer} onInput={(v) => setQuery("customer", v)} />
				<a class="button hide-narrow" href={"/growth" + (customer ? "?customer=" + encodeURIComponent(customer) : "")}>
					{t("growth")}
				</a>
			</PageHead>
			<div class="page">
				<Panel title={t("expression")}>
					<QueryField
						value={q}
						customer={customer}
						onRun={(text) => {
							setAnchor(Math.floor(now() / 1000))
							setQuery("q", text.trim())
						}}
					/>
				</Panel>
				<div class="row flow">
					<Segmented label={t("view")} value={view} onInput={(v) => setQuery("view", v)} options={[["graph", t("graph")], ["table", t("table")], ["periods", t("periods")], ["plan", t("plan")]]} />
					{view === "graph" && (
						<Segmented
							label={t("range")}
							value={query.get("from") ? "" : range}
							onInput={(v) => {
								setQuery("from", "")
								setQuery("to", "")
								setQuery("range", v)
								setAnchor(Math.floor(now() / 1000))
							}}
							options={spans.map((s) => [s, s])}
						/>
					)}
					{view === "graph" && (
						<label class="row">
							<span class="muted">{t("compare_with")}</span>
							<select class="input" style={{ width: "auto" }} value={back} onChange={(ev) => setQuery("back", (ev.target as HTMLSelectElement).value)}>
								<option value="">{t("compare_none")}</option>
								{["1h", "1d", "7d", "28d"].map((b) => (
									<option value={b} key={b}>
										{t("span_before", { span: span(parseSpan(b)) })}
									</option>
								))}
							</select>
						</label>
					)}
					{query.get("from") && <span class="muted">{exactTime(from * 1000)} – {exactTime(to * 1000)}</span>}
				</div>
				<Panel title={t(view === "graph" || view === "plan" || view === "periods" ? view : "table")} bare={view === "table" || view === "periods"}>
					{!q ? (
						<Nothing title={t("ask_something")}>{t("ask_something_hint")}</Nothing>
					) : checked.data?.error ? (
						<Nothing title={t("no_expression")}>{checked.data.error}</Nothing>
					) : !checked.data ? (
						<Loading rows={8} />
					) : view === "graph" ? (
						<Graph q={q} customer={customer} from={from} to={to} back={back} onZoom={(a, b) => { setQuery("from", String(Math.floor(a))); setQuery("to", String(Math.ceil(b))) }} />
					) : view === "periods" && !checked.data.selector ? (
						<Nothing title={t("periods")}>{t("periods_hint")}</Nothing>
					) : view === "periods" ? (
						<Periods selector={q} customer={customer} />
					) : view === "plan" ? (
						<Plan q={q} customer={customer} from={from} to={to} />
					) : (
						<Table q={q} customer={customer} />
					)}
				</Panel>
			</div>
		</>
	)
}
