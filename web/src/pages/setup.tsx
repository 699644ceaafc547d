/*
 * setup.tsx — the first run: a drill that shows the whole chain at once, then people, customer, contract, schedule and first
 * target, one after the other, each also as the YAML that `apply` takes.
 */
import { type ComponentChildren } from "preact"
import { useState } from "preact/hooks"
import { post, useGet } from "../api"
import { PageHead } from "../app"
import { type Resource } from "../model"
import { t } from "../words"
import { attempt, Button, Chip, Panel } from "../ui/basics"
import { useMask } from "../ui/mask"
import { Edit } from "../ui/resource"
import { Verify } from "../ui/verify"

function Step({ n, title, done, children, action }: { n: number; title: string; done: boolean; children: ComponentChildren; action: ComponentChildren }) {
	return (
		<Panel
			title={
				<>
					{n}. {title}
				</>
			}
			actions={done ? <Chip tone="good" icon="check">{t("done")}</Chip> : <Chip>{t("to_do")}</Chip>}
		>
			<div class="row top flow spread">
				<div class="muted grow" style={{ minWidth: "240px" }}>
					{children}
				</div>
				<div class="row">{action}</div>
			</div>
		</Panel>
	)
}

export function Setup() {
	const all = useGet<Resource<Record<string, unknown>>[]>("/api/tocsin/v1/resources")
	const drills = useGet<unknown[]>("/api/tocsin/v1/drills")
	const [verify, setVerify] = useState<Resource | null>(null)
	const mask = useMask()
	const [edit, setEdit] = useState<{ kind: string; start?: Record<string, unknown> } | null>(null)
	const demo = new Set((all.data ?? []).filter((r) => r.kind === "customer" && r.spec.demo).map((r) => r.name))
	const has = (kind: string) => (all.data ?? []).some((r) => r.kind === kind && !demo.has(r.name) && !demo.has(r.customer ?? "") && !r.name.startsWith("demo") && !(kind === "user" && r.name === "admin"))
	const add = (kind: string, start?: Record<string, unknown>) => (
		<Button kind={has(kind) ? undefined : "primary"} icon="plus" onClick={() => setEdit({ kind, start })}>
			{t("new_of", { kind })}
		</Button>
	)
	const people = (all.data ?? []).filter((r) => r.kind === "user" && r.spec.role !== "contact" && !r.name.startsWith("demo") && r.name !== "anybody" && (r.spec.phone || r.spec.mail))
	const monday = () => {
		const d = new Date()
		d.setDate(d.getDate() - ((d.getDay() + 6) % 7))
		return d.toISOString().slice(0, 10)
	}
	const firstUser = (all.data ?? []).find((r) => r.kind === "user" && r.name !== "admin" && !r.name.startsWith("demo"))?.name ?? ""
	return (
		<>
			<PageHead title={t("setup")} />
			<div class="page" style={{ maxWidth: "860px" }}>
				<p>{t("setup_intro")}</p>
				<Step
					n={1}
					title={t("step_drill")}
					done={!!drills.data?.length}
					action={
						<Button kind="primary" icon="bell" onClick={() => void attempt(() => post("/api/tocsin/v1/drills", {}), t("drill_started"))}>
							{t("drill_now")}
						</Button>
					}
				>
					{t("step_drill_hint")}
				</Step>
				<Step n={2} title={t("step_people")} done={has("user")} action={add("user", { role: "operator", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}>
					{t("step_people_hint")}
					{people.slice(0, 20).map((r) => (
						<span class="row flow" key={r.name} style={{ marginTop: "6px" }}>
							<strong>{mask.name(r.name, "P")}</strong>
							<span>{mask.text([r.spec.phone, r.spec.mail].filter(Boolean).join(", "))}</span>
							{((r.spec.verified as string[]) ?? []).map((w) => (
								<Chip tone="good" icon="check" key={w}>
									{w}
								</Chip>
							))}
							<Button small onClick={() => setVerify(r)}>
								{t("verify")}
							</Button>
						</span>
					))}
				</Step>
				<Step n={3} title={t("step_schedule")} done={has("schedule")} action={add("schedule", { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone, layers: [{ users: firstUser ? [firstUser] : [], start: monday(), every: "week" }] })}>
					{t("step_schedule_hint")}
				</Step>
				<Step n={4} title={t("step_policy")} done={has("policy")} action={add("policy", { steps: [{ notify: ["schedule:"], after: "5m" }] })}>
					{t("step_policy_hint")}
				</Step>
				<Step n={5} title={t("step_contract")} done={has("contract")} action={<>{add("calendar")}{add("contract", { slas: [{ priority: "critical", pickup: "15m", resolution: "4h" }], matrix: [{ severity: ["critical"], priority: "critical", modality: "call" }, { priority: "low", modality: "ticket" }] })}</>}>
					{t("step_contract_hint")}
				</Step>
				<Step n={6} title={t("step_customer")} done={has("customer")} action={add("customer")}>
					{t("step_customer_hint")}
				</Step>
				<Step n={7} title={t("step_target")} done={has("service")} action={<>{add("host")}{add("service", { check: "http" })}</>}>
					{t("step_target_hint")}
				</Step>
			</div>
			{verify && <Verify of={verify} onClose={() => setVerify(null)} />}
			{edit && <Edit kind={edit.kind} start={edit.start} onClose={() => setEdit(null)} />}
		</>
	)
}
