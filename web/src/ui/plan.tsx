/* plan.tsx — what an expression is made of, and what it costs to ask it. */
import { useGet } from "../api"
import { number, span } from "../format"
import { t } from "../words"
import { Shown } from "./basics"
import { rangePath } from "./chart"

type PlanNode = Record<string, unknown> & { type: string }
const inner = ["lhs", "rhs", "expr", "param", "args"]

/* One node in a line: its kind and what is particular to it. */
function headOf(n: PlanNode): string {
	const f = n.func as { name: string } | undefined
	const grouping = n.grouping as string[] | undefined
	const matchers = (n.matchers as { name: string; type: string; value: string }[] | undefined)?.map((m) => `${m.name}${m.type}"${m.value}"`).join(", ")
	const words = [f?.name, n.op, n.val, grouping && (grouping.length || n.without) ? `${n.without ? "without" : "by"} (${grouping.join(", ")})` : "", matchers && `{${matchers}}`, n.range && `[${span(n.range as number)}]`, n.offset && `offset ${span(n.offset as number)}`]
	return words.filter(Boolean).join(" ")
}

function PlanTree({ of }: { of: PlanNode }) {
	const children = inner.flatMap((k) => (of[k] ? (Array.isArray(of[k]) ? (of[k] as PlanNode[]) : [of[k] as PlanNode]) : [])).filter((c) => typeof c === "object")
	return (
		<li>
			<span class="muted">{of.type}</span> <span class="mono wrap">{headOf(of)}</span>
			{children.length > 0 && (
				<ul class="tree">
					{children.map((c, i) => (
						<PlanTree of={c} key={i} />
					))}
				</ul>
			)}
		</li>
	)
}

interface Cost {
	data: { stats: { timings: { execTotalTime: number }; samples: { totalQueryableSamples: number; peakSamples: number }; windows?: Record<string, number> } }
}

export function Plan({ q, customer, from, to }: { q: string; customer: string; from: number; to: number }) {
	const tree = useGet<{ data: PlanNode }>(q ? "/api/v1/parse_query?query=" + encodeURIComponent(q) : null)
	const cost = useGet<Cost>(q ? rangePath(q, from, to, customer, "&stats=all") : null)
	const s = cost.data?.data.stats
	return (
		<div class="stack">
			<Shown of={tree} rows={4}>
				{(r) => (
					<ul class="tree">
						<PlanTree of={r.data} />
					</ul>
				)}
			</Shown>
			<h3>{t("cost")}</h3>
			<Shown of={cost} rows={3}>
				{() =>
					s && (
						<dl class="facts">
							<dt>{t("time_taken")}</dt>
							<dd class="num">{number(s.timings.execTotalTime * 1000, 2)} ms</dd>
							<dt>{t("samples_read")}</dt>
							<dd class="num">{number(s.samples.totalQueryableSamples)}</dd>
							<dt>{t("samples_held")}</dt>
							<dd class="num">{number(s.samples.peakSamples)}</dd>
							{s.windows && (
								<>
									<dt>{t("windows_read")}</dt>
									<dd class="num">
										{Object.entries(s.windows)
											.filter(([, n]) => n)
											.map(([width, n]) => `${number(n)} × ${width}`)
											.join(", ")}
									</dd>
								</>
							)}
						</dl>
					)
				}
			</Shown>
		</div>
	)
}
