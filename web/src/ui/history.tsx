/* history.tsx — when each instance of an alert was pending and firing: one lane each, from the series that the rule itself writes. */
import { useState } from "preact/hooks"
import { now, useGet } from "../api"
import { exactTime, parseSpan, span, when } from "../format"
import { t } from "../words"
import { Nothing, Segmented, Shown } from "./basics"
import { rangePath, type PromResult } from "./chart"
import { useMask } from "./mask"

interface Stretch {
	state: "pending" | "firing"
	from: number
	to: number
}
interface Series {
	metric: Record<string, string>
	values: [number, string][]
}

/* Samples that follow each other at the query's step are one stretch. */
function stretchesOf(list: Series[], step: number): [string, Stretch[]][] {
	const lanes = new Map<string, Stretch[]>()
	for (const s of list) {
		const { __name__: _n, alertname: _a, alertstate, ...labels } = s.metric
		const name = Object.entries(labels).map(([n, v]) => `${n}=${v}`).join(", ")
		const lane = lanes.get(name) ?? []
		for (const [at] of s.values) {
			const last = lane[lane.length - 1]
			if (last && last.state === alertstate && at - last.to <= step * 1.5) last.to = at
			else lane.push({ state: alertstate as Stretch["state"], from: at, to: at })
		}
		lanes.set(name, lane)
	}
	return [...lanes].sort((a, b) => a[0].localeCompare(b[0]))
}

const LANES = 30
const POINTS = 480

export function AlertHistory({ name, customer }: { name: string; customer?: string }) {
	const [range, setRange] = useState("1d")
	const [to] = useState(() => Math.floor(now() / 1000))
	const from = to - parseSpan(range) / 1000
	const step = Math.max(1, Math.ceil((to - from) / POINTS))
	const a = useGet<PromResult>(rangePath(`ALERTS{alertname=${JSON.stringify(name)}}`, from, to, customer, "", POINTS))
	const mask = useMask()
	const x = (at: number) => ((at - from) / (to - from)) * 1000
	return (
		<div class="stack tight" style={{ paddingTop: "8px" }}>
			<Segmented label={t("range")} value={range} onInput={setRange} options={["6h", "1d", "7d", "30d"].map((r) => [r, r])} />
			<Shown of={a} rows={2}>
				{(r) => {
					const lanes = stretchesOf((r.data.result as Series[]) ?? [], step)
					if (!lanes.length) return <Nothing title={t("never_held")} />
					return (
						<ul class="history">
							{lanes.slice(0, LANES).map(([labels, all]) => {
								const fired = all.filter((s) => s.state === "firing")
								const lasted = fired.reduce((n, s) => n + s.to - s.from + step, 0)
								return (
									<li key={labels}>
										<span class="mono ellipsis">{mask.text(labels) || "{}"}</span>
										<svg viewBox="0 0 1000 12" preserveAspectRatio="none" role="img" aria-label={t("fired_times", { n: fired.length, span: span(lasted * 1000) })}>
											{all.map((s) => (
												<rect key={s.state + s.from} data-state={s.state} x={x(s.from)} width={Math.max(2, x(s.to + step) - x(s.from))} y={s.state === "firing" ? 0 : 5} height={s.state === "firing" ? 12 : 7}>
													<title>{`${t(s.state)}: ${exactTime(s.from * 1000)}, ${span((s.to - s.from + step) * 1000)}`}</title>
												</rect>
											))}
										</svg>
										<span class="muted num">{fired.length ? t("fired_times", { n: fired.length, span: span(lasted * 1000) }) : t("only_pending")}</span>
									</li>
								)
							})}
							<li aria-hidden="true">
								<span />
								<span class="row spread muted" style={{ fontSize: "12px" }}>
									<span>{when(from * 1000)}</span>
									<span>{when(to * 1000)}</span>
								</span>
								<span />
							</li>
							{lanes.length > LANES && <li class="muted">{t("only_first", { n: LANES, all: lanes.length })}</li>}
						</ul>
					)
				}}
			</Shown>
		</div>
	)
}
