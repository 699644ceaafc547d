/* explore.tsx — PromQL as a table and as a graph; the address holds everything, so that it can be shared. */
import { useEffect, useMemo, useState } from "preact/hooks"
import { now, useGet } from "../api"
import { PageHead } from "../app"
import { exactTime, parseSpan } from "../format"
import { setQuery, usePlace } from "../router"
import { t } from "../words"
import { Button, Nothing, Panel, Segmented, Shown } from "../ui/basics"
import { Chart, colourOf, linesOf, metricName, rangePath, short, type PromResult } from "../ui/chart"

const spans = ["15m", "1h", "6h", "1d", "7d", "30d"]

/* The word that is being typed, for completion. */
function wordAt(text: string, at: number): [number, string] {
	let i = at
	while (i > 0 && /[\w:.]/.test(text[i - 1])) i--
	return [i, text.slice(i, at)]
}

function Query({ value, onRun }: { value: string; onRun: (q: string) => void }) {
	const [text, setText] = useState(value)
	const [at, setAt] = useState(0)
	const [chosen, setChosen] = useState(-1)
	const names = useGet<{ data: string[] }>("/api/v1/label/__name__/values")
	useEffect(() => setText(value), [value])
	const [start, word] = wordAt(text, at)
	const hits = useMemo(() => (word.length < 2 ? [] : (names.data?.data ?? []).filter((n) => n.includes(word) && n !== word).slice(0, 8)), [word, names.data])
	const take = (n: string) => {
		setText(text.slice(0, start) + n + text.slice(at))
		setAt(start + n.length)
		setChosen(-1)
	}
	const onKey = (ev: KeyboardEvent) => {
		if (ev.key === "Enter" && !ev.shiftKey) {
			ev.preventDefault()
			if (chosen >= 0 && hits[chosen]) take(hits[chosen])
			else onRun(text)
		} else if (hits.length && (ev.key === "ArrowDown" || ev.key === "ArrowUp")) {
			ev.preventDefault()
			setChosen((chosen + (ev.key === "ArrowDown" ? 1 : -1) + hits.length) % hits.length)
		} else if (hits.length && ev.key === "Tab" && !ev.shiftKey) {
			ev.preventDefault()
			take(hits[Math.max(0, chosen)])
		} else if (ev.key === "Escape") setChosen(-1)
	}
	const moved = (ev: Event) => setAt((ev.target as HTMLTextAreaElement).selectionStart)
	return (
		<div class="stack tight">
			<div class="row top">
				<textarea
					class="input mono grow"
					rows={Math.min(8, Math.max(2, text.split("\n").length))}
					aria-label={t("expression")}
					placeholder="sum by (instance) (rate(node_cpu_seconds_total{mode!=&quot;idle&quot;}[5m]))"
					value={text}
					spellcheck={false}
					onInput={(ev) => {
						setText((ev.target as HTMLTextAreaElement).value)
						moved(ev)
					}}
					onKeyDown={onKey}
					onClick={moved}
					onKeyUp={moved}
				/>
				<Button kind="primary" onClick={() => onRun(text)}>
					{t("run")}
				</Button>
			</div>
			<div class="row flow" style={{ gap: "4px", minHeight: "24px" }} role="listbox" aria-label={t("completion")}>
				{hits.map((n, i) => (
					<button type="button" role="option" aria-selected={i === chosen} key={n} class="button small mono" aria-pressed={i === chosen} onClick={() => take(n)}>
						{n}
					</button>
				))}
			</div>
		</div>
	)
}

interface Sample {
	metric: Record<string, string>
	value: [number, string]
}

function Table({ q }: { q: string }) {
	const a = useGet<PromResult>(q ? `/api/v1/query?query=${encodeURIComponent(q)}` : null)
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

function Graph({ q, from, to, onZoom }: { q: string; from: number; to: number; onZoom: (a: number, b: number) => void }) {
	const a = useGet<PromResult>(q ? rangePath(q, from, to) : null)
	const [off, setOff] = useState<Set<string>>(new Set())
	const lines = useMemo(() => (a.data ? linesOf(a.data) : []), [a.data])
	const shown = useMemo(() => lines.filter((l) => !off.has(l.label)).slice(0, 50), [lines, off])
	return (
		<Shown of={a} rows={8}>
			{() =>
				lines.length ? (
					<div class="stack">
						<Chart lines={shown} height={320} from={from} to={to} onZoom={onZoom} label={t("graph_of", { name: q })} />
						<ul class="stack tight" style={{ maxHeight: "30vh", overflowY: "auto", gap: "2px" }}>
							{lines.slice(0, 50).map((l) => {
								const i = shown.indexOf(l)
								const last = l.points.at(-1)?.[1]
								return (
									<li key={l.label}>
										<button
											class="legend"

											aria-pressed={i >= 0}
											onClick={() => setOff((s) => { const n = new Set(s); if (!n.delete(l.label)) n.add(l.label); return n })}
										>
											<svg width="14" height="8" aria-hidden="true">
												<line x2="14" y1="4" y2="4" stroke={i < 0 ? "currentColor" : colourOf(i)} stroke-width="3" />
											</svg>
											<span class="mono ellipsis grow" style={{ textAlign: "left", fontWeight: 400 }}>
												{l.label}
											</span>
											<span class="mono muted">{last === undefined ? "" : short(last)}</span>
										</button>
									</li>
								)
							})}
						</ul>
						{lines.length > 50 && <p class="muted">{t("only_first", { n: 50, all: lines.length })}</p>}
					</div>
				) : (
					<Nothing title={t("no_data")}>{t("no_data_hint")}</Nothing>
				)
			}
		</Shown>
	)
}

export function Explore() {
	const { query } = usePlace()
	const q = query.get("q") ?? query.get("g0.expr") ?? "" /* g0.expr: as the links of alerts have it */
	const view = query.get("view") ?? "graph"
	const range = query.get("range") ?? "1h"
	const [anchor, setAnchor] = useState(() => Math.floor(now() / 1000))
	const to = Number(query.get("to")) || anchor
	const from = Number(query.get("from")) || to - (parseSpan(range) || 3600e3) / 1000
	return (
		<>
			<PageHead title={t("explore")} />
			<div class="page">
				<Panel title={t("expression")}>
					<Query
						value={q}
						onRun={(text) => {
							setAnchor(Math.floor(now() / 1000))
							setQuery("q", text.trim())
						}}
					/>
				</Panel>
				<div class="row flow">
					<Segmented label={t("view")} value={view} onInput={(v) => setQuery("view", v)} options={[["graph", t("graph")], ["table", t("table")]]} />
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
					{query.get("from") && <span class="muted">{exactTime(from * 1000)} – {exactTime(to * 1000)}</span>}
				</div>
				<Panel title={view === "graph" ? t("graph") : t("table")} bare={view === "table"}>
					{!q ? (
						<Nothing title={t("ask_something")}>{t("ask_something_hint")}</Nothing>
					) : view === "graph" ? (
						<Graph q={q} from={from} to={to} onZoom={(a, b) => { setQuery("from", String(Math.floor(a))); setQuery("to", String(Math.ceil(b))) }} />
					) : (
						<Table q={q} />
					)}
				</Panel>
			</div>
		</>
	)
}
