/* customers.tsx — who is served: the contract as a table that the customer could sign, its calendar, its people. */
import { useState } from "preact/hooks"
import { may, now, post, useGet } from "../api"
import { PageHead } from "../app"
import { clockTime, dayName } from "../format"
import { type Resource, type Ticket } from "../model"
import { go } from "../router"
import { t, type Word } from "../words"
import { attempt, Button, Chip, Loading, Nothing, Panel, Priority, Severity, Shown } from "../ui/basics"
import { useMask } from "../ui/mask"
import { Edit, save } from "../ui/resource"

interface CustomerSpec {
	title?: string
	contract?: string
	language?: string
	demo?: boolean
}
interface MatrixRow {
	severity?: string[]
	service?: string[]
	when?: string
	priority: string
	modality?: string
	propose?: boolean
	team?: string
	policy?: string
}
interface ContractSpec {
	title?: string
	calendar?: string
	slas?: { priority: string; pickup?: string; resolution?: string; calendar?: string }[]
	pause?: string[]
	matrix?: MatrixRow[]
	on_call?: boolean
}

/* ---- the matrix ---- */

function Matrix({ of, names, editable }: { of: Resource<ContractSpec>; names: { policies: string[]; teams: string[] }; editable: boolean }) {
	const [rows, setRows] = useState<MatrixRow[]>(of.spec.matrix ?? [])
	const [editing, setEditing] = useState(false)
	const put = (i: number, key: keyof MatrixRow, v: unknown) => setRows(rows.map((r, n) => (n === i ? { ...r, [key]: v } : r)))
	const pick = (i: number, key: keyof MatrixRow, options: string[], label: string) => (
		<select class="input" aria-label={`${label} ${i + 1}`} value={(rows[i][key] as string) ?? ""} onChange={(ev) => put(i, key, (ev.target as HTMLSelectElement).value || undefined)}>
			{options.map((o) => (
				<option value={o} key={o}>
					{o || "–"}
				</option>
			))}
		</select>
	)
	const store = async () => {
		if (await attempt(() => save({ kind: "contract", name: of.name, ...(of.customer ? { customer: of.customer } : {}), spec: { ...of.spec, matrix: rows } }), t("saved"))) setEditing(false)
	}
	const list = editing ? rows : (of.spec.matrix ?? [])
	return (
		<Panel
			title={t("matrix")}
			bare
			actions={
				editable && !of.managed ? (
					editing ? (
						<>
							<Button small onClick={() => { setRows(of.spec.matrix ?? []); setEditing(false) }}>{t("cancel")}</Button>
							<Button small kind="primary" onClick={() => void store()}>{t("save")}</Button>
						</>
					) : (
						<Button small icon="edit" onClick={() => { setRows(of.spec.matrix ?? []); setEditing(true) }}>{t("edit")}</Button>
					)
				) : of.managed ? (
					<Chip>{t("from_file")}</Chip>
				) : null
			}
		>
			<div class="scroll-x">
				<table class="table">
					<thead>
						<tr>
							<th>#</th>
							<th>{t("severity")}</th>
							<th>{t("service_class")}</th>
							<th>{t("when")}</th>
							<th>{t("priority")}</th>
							<th>{t("what_happens")}</th>
							<th>{t("team")}</th>
							<th>{t("policy")}</th>
							{editing && <th />}
						</tr>
					</thead>
					<tbody>
						{list.map((r, i) => (
							<tr key={i}>
								<td class="muted">{i + 1}</td>
								{editing ? (
									<>
										<td><input class="input" aria-label={`${t("severity")} ${i + 1}`} value={(r.severity ?? []).join(", ")} placeholder={t("any")} onInput={(ev) => put(i, "severity", (ev.target as HTMLInputElement).value.split(/\s*,\s*/).filter(Boolean))} /></td>
										<td><input class="input" aria-label={`${t("service_class")} ${i + 1}`} value={(r.service ?? []).join(", ")} placeholder={t("any")} onInput={(ev) => put(i, "service", (ev.target as HTMLInputElement).value.split(/\s*,\s*/).filter(Boolean))} /></td>
										<td>{pick(i, "when", ["any", "open", "closed"], t("when"))}</td>
										<td>{pick(i, "priority", ["critical", "high", "medium", "low"], t("priority"))}</td>
										<td>{pick(i, "modality", ["ticket", "wait", "mail", "sms", "call"], t("what_happens"))}</td>
										<td>{pick(i, "team", ["", ...names.teams], t("team"))}</td>
										<td>{pick(i, "policy", ["", ...names.policies], t("policy"))}</td>
										<td class="row">
											<Button small kind="plain" icon="up" label={t("move_up")} disabled={i === 0} onClick={() => setRows(rows.map((x, n) => (n === i - 1 ? rows[i] : n === i ? rows[i - 1] : x)))} />
											<Button small kind="plain" icon="trash" label={t("remove")} onClick={() => setRows(rows.filter((_, n) => n !== i))} />
										</td>
									</>
								) : (
									<>
										<td>{r.severity?.length ? r.severity.map((s) => <Severity of={s} key={s} />) : <span class="muted">{t("any")}</span>}</td>
										<td>{r.service?.join(", ") || <span class="muted">{t("any")}</span>}</td>
										<td>{t(("when_" + (r.when ?? "any")) as Word)}</td>
										<td><Priority of={r.priority} /></td>
										<td>{t(("modality_" + (r.modality ?? "ticket")) as Word)}{r.propose ? " · " + t("only_proposed") : ""}</td>
										<td>{r.team}</td>
										<td>{r.policy && <a href={`/admin?view=policy&name=${encodeURIComponent(r.policy)}`}>{r.policy}</a>}</td>
									</>
								)}
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{editing && (
				<div style={{ padding: "8px 12px" }}>
					<Button small icon="plus" onClick={() => setRows([...rows, { priority: "low", modality: "ticket" }])}>{t("add_row")}</Button>
				</div>
			)}
			<p class="muted" style={{ padding: "8px 12px" }}>{t("matrix_hint")}</p>
		</Panel>
	)
}

/* ---- the calendar ---- */

function CalendarPreview({ name, customer }: { name: string; customer: string }) {
	const [from] = useState(() => { const d = new Date(now()); d.setHours(0, 0, 0, 0); return d.getTime() })
	const a = useGet<{ from: string; to: string }[]>(`/api/tocsin/v1/calendars/${encodeURIComponent(name)}/open?customer=${encodeURIComponent(customer)}&from=${new Date(from).toISOString()}&to=${new Date(from + 14 * 864e5).toISOString()}`)
	return (
		<Panel title={`${t("calendar")} ${name}`} bare actions={<a href={`/admin?view=calendar&name=${encodeURIComponent(name)}`}>{t("edit")}</a>}>
			<Shown of={a} rows={3}>
				{(spans) => (
					<ul class="list">
						{Array.from({ length: 14 }, (_, i) => {
							const d = new Date(from)
							d.setDate(d.getDate() + i)
							const start = d.getTime()
							const end = start + 864e5
							const mine = spans.filter((s) => Date.parse(s.from) < end && Date.parse(s.to) > start)
							return (
								<li class="row" key={i} style={{ padding: "4px 12px" }}>
									<span style={{ width: "92px" }} class={mine.length ? "" : "muted"}>{dayName(d)}</span>
									<svg viewBox="0 0 1440 10" preserveAspectRatio="none" style={{ height: "10px", flex: "1", background: "var(--sunken)", borderRadius: "3px" }} aria-hidden="true">
										{mine.map((s) => {
											const x = Math.max(0, (Date.parse(s.from) - start) / 6e4)
											const w = Math.min(1440, (Date.parse(s.to) - start) / 6e4) - x
											return <rect key={s.from} x={x} width={w} height="10" fill="var(--accent)" />
										})}
									</svg>
									<span class="muted num" style={{ width: "110px", fontSize: "12px" }}>
										{mine.length ? mine.map((s) => (Date.parse(s.from) <= start && Date.parse(s.to) >= end ? t("all_day") : `${clockTime(Math.max(start, Date.parse(s.from)))}–${clockTime(Math.min(end, Date.parse(s.to)))}`)).join(", ") : t("closed_day")}
									</span>
								</li>
							)
						})}
					</ul>
				)}
			</Shown>
		</Panel>
	)
}

/* ---- one customer ---- */

function One({ name }: { name: string }) {
	const customers = useGet<Resource<CustomerSpec>[]>("/api/tocsin/v1/resources?kind=customer")
	const contracts = useGet<Resource<ContractSpec>[]>("/api/tocsin/v1/resources?kind=contract")
	const contacts = useGet<Resource<{ title?: string; mail?: string; phone?: string }>[]>("/api/tocsin/v1/resources?kind=contact")
	const policies = useGet<Resource[]>("/api/tocsin/v1/resources?kind=policy")
	const teams = useGet<Resource[]>("/api/tocsin/v1/resources?kind=team")
	const tickets = useGet<Ticket[]>(`/api/tocsin/v1/tickets?state=open&fields=row&customer=${encodeURIComponent(name)}`)
	const [edit, setEdit] = useState<{ kind: string; of?: Resource } | null>(null)
	const mask = useMask()
	const customer = customers.data?.find((c) => c.name === name)
	const contract = contracts.data?.find((c) => c.name === customer?.spec.contract && (!c.customer || c.customer === name))
	const people = (contacts.data ?? []).filter((c) => c.customer === name)
	return (
		<>
			<PageHead title={mask.name(customer?.spec.title || name, t("customer"))}>
				{may("admin") && customer && <Button icon="edit" onClick={() => setEdit({ kind: "customer", of: customer as Resource })}>{t("edit")}</Button>}
			</PageHead>
			<div class="page">
				{!customers.data || !contracts.data || !contacts.data ? <Loading rows={10} /> : !customer ? <Nothing title={t("no_customer", { name })} /> : null}
				{customer?.spec.demo && (
					<div class="panel row flow spread" style={{ padding: "10px 12px" }}>
						<span>{t("demo_customer")}</span>
						{may("admin") && <Button small kind="danger" onClick={() => void attempt(() => removeDemo(), t("removed"))}>{t("remove_demo")}</Button>}
					</div>
				)}
				{customer && contracts.data && contacts.data && (
				<div class="columns">
					<div class="stack" style={{ gap: "16px" }}>
						{contract ? (
							<>
								<Panel title={`${t("contract")} ${contract.spec.title || contract.name}`} bare actions={may("admin") && <Button small icon="edit" onClick={() => setEdit({ kind: "contract", of: contract as unknown as Resource })}>{t("edit")}</Button>}>
									<div class="scroll-x">
										<table class="table">
											<thead>
												<tr>
													<th>{t("priority")}</th>
													<th>{t("clock_pickup")}</th>
													<th>{t("clock_resolution")}</th>
													<th>{t("calendar")}</th>
												</tr>
											</thead>
											<tbody>
												{(contract.spec.slas ?? []).map((s) => (
													<tr key={s.priority}>
														<td><Priority of={s.priority} /></td>
														<td>{s.pickup || t("no_promise")}</td>
														<td>{s.resolution || t("no_promise")}</td>
														<td>{s.calendar || contract.spec.calendar}</td>
													</tr>
												))}
											</tbody>
										</table>
									</div>
									<p class="muted" style={{ padding: "8px 12px" }}>
										{t("pauses_for")} {(contract.spec.pause ?? ["customer"]).map((p) => t(("waits_" + p) as Word)).join(", ")}. {contract.spec.on_call ? t("with_on_call") : t("without_on_call")}
									</p>
								</Panel>
								<Matrix key={contract.valid_from} of={contract} editable={may("admin")} names={{ policies: (policies.data ?? []).map((p) => p.name), teams: (teams.data ?? []).map((x) => x.name) }} />
							</>
						) : (
							customer && <Panel title={t("contract")}><Nothing title={t("no_contract")}>{t("no_contract_hint")}</Nothing></Panel>
						)}
					</div>
					<div class="stack" style={{ gap: "16px" }}>
						<Panel title={t("open_tickets")} count={tickets.data?.length ?? ""} bare>
							<Shown of={tickets} rows={2} empty={<Nothing title={t("no_open_ticket")} />}>
								{(list) => (
									<ul class="list">
										{list.slice(0, 10).map((k) => (
											<li key={k.number} class="row" style={{ padding: "6px 12px" }}>
												<Priority of={k.priority ?? "none"} />
												<a class="grow ellipsis" href={`/ticket/${k.number}`}>{k.number} {mask.text(k.title)}</a>
											</li>
										))}
									</ul>
								)}
							</Shown>
						</Panel>
						<Panel title={t("contacts")} count={people.length || ""} bare actions={may("admin") && <Button small icon="plus" onClick={() => setEdit({ kind: "contact" })}>{t("add")}</Button>}>
							{people.length ? (
								<ul class="list">
									{people.map((p) => (
										<li key={p.name} class="row spread" style={{ padding: "6px 12px" }}>
											<button class="button plain small" onClick={() => may("admin") && setEdit({ kind: "contact", of: p as Resource })}>{mask.name(p.spec.title || p.name, "P")}</button>
											<span class="muted ellipsis">{mask.text(p.spec.mail ?? "")}</span>
										</li>
									))}
								</ul>
							) : (
								<Nothing title={t("no_contact")} />
							)}
						</Panel>
						{contract?.spec.calendar && <CalendarPreview name={contract.spec.calendar} customer={name} />}
					</div>
				</div>
				)}
			</div>
			{edit && <Edit kind={edit.kind} of={edit.of} customer={edit.kind === "contact" ? name : undefined} onClose={() => setEdit(null)} />}
		</>
	)
}

const removeDemo = async () => {
	await post("/api/tocsin/v1/demo/remove")
	go("/customers")
}

export function Customers({ name }: { name?: string }) {
	const customers = useGet<Resource<CustomerSpec>[]>("/api/tocsin/v1/resources?kind=customer")
	const tickets = useGet<Ticket[]>("/api/tocsin/v1/tickets?state=open&fields=row&limit=5000")
	const [make, setMake] = useState(false)
	const mask = useMask()
	if (name) return <One name={name} />
	const open = (c: string) => (tickets.data ?? []).filter((k) => k.customer === c).length
	return (
		<>
			<PageHead title={t("customers")}>
				{may("admin") && <Button kind="primary" icon="plus" onClick={() => setMake(true)}>{t("new_of", { kind: t("customer").toLowerCase() })}</Button>}
			</PageHead>
			<div class="page">
				<Panel title={t("customers")} count={customers.data?.length ?? ""} bare>
					<Shown of={customers} rows={4} empty={<Nothing title={t("no_customers")}>{t("no_customers_hint")}</Nothing>}>
						{(list) => (
							<div class="scroll-x">
								<table class="table">
									<thead>
										<tr>
											<th>{t("customer")}</th>
											<th>{t("contract")}</th>
											<th>{t("language")}</th>
											<th class="num">{t("open_tickets")}</th>
										</tr>
									</thead>
									<tbody>
										{list.map((c) => (
											<tr key={c.name}>
												<td>
													<a href={`/customers/${encodeURIComponent(c.name)}`}>{mask.name(c.spec.title || c.name, t("customer"))}</a> {c.spec.demo && <Chip>{t("demo")}</Chip>}
												</td>
												<td>{c.spec.contract || <span class="muted">{t("none")}</span>}</td>
												<td>{c.spec.language}</td>
												<td class="num">{open(c.name) || ""}</td>
											</tr>
										))}
									</tbody>
								</table>
							</div>
						)}
					</Shown>
				</Panel>
			</div>
			{make && <Edit kind="customer" onClose={() => setMake(false)} onDone={(n) => setTimeout(() => go(`/customers/${n}`))} />}
		</>
	)
}
