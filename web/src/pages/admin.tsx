/* admin.tsx — people, teams, policies and the other resources; tokens; channels with a test; what was done by whom. */
import { useEffect, useState } from "preact/hooks"
import { may, post, useGet, whoAmI } from "../api"
import { PageHead } from "../app"
import { exactTime, when } from "../format"
import { type JournalEvent } from "../live"
import { type Resource } from "../model"
import { setQuery, usePlace } from "../router"
import { t, type Word } from "../words"
import { attempt, Button, Chip, Dialog, FormDialog, Nothing, Panel, SelectField, Shown, TextField } from "../ui/basics"
import { useMask } from "../ui/mask"
import { Verify } from "../ui/verify"
import { Edit, save, useKind } from "../ui/resource"
import { Timeline } from "../ui/timeline"

const kinds = ["user", "team", "schedule", "policy", "contract", "calendar", "problem_type", "contact", "host", "service", "check_command", "heartbeat"]

/* What a row says of a resource besides its name. */
function saying(r: Resource): string {
	const s = r.spec as Record<string, unknown>
	const parts = [s.title, s.role, s.mail, s.phone, s.host, s.check, s.time_zone, (s.members as string[])?.join(", "), (s.skills as string[])?.join(", ")]
	return parts.filter((x) => typeof x === "string" && x).join(" · ")
}

function Invite({ user, onClose }: { user: string; onClose: () => void }) {
	const [password, setPassword] = useState("")
	return (
		<Dialog title={t("invite", { user })} onClose={onClose}>
			{password ? (
				<>
					<p>{t("invite_done", { user })}</p>
					<p class="mono" style={{ fontSize: "16px", userSelect: "all" }}>
						{password}
					</p>
				</>
			) : (
				<>
					<p>{t("invite_hint")}</p>
					<div>
						<Button kind="primary" onClick={() => void attempt(async () => setPassword((await post<{ password: string }>(`/api/tocsin/v1/users/${encodeURIComponent(user)}/invite`)).password))}>
							{t("make_password")}
						</Button>
					</div>
				</>
			)}
		</Dialog>
	)
}

function Resources({ kind, name }: { kind: string; name: string }) {
	const list = useGet<Resource[]>(`/api/tocsin/v1/resources?kind=${kind}`)
	const row = useKind(kind)
	const [edit, setEdit] = useState<Resource | "new" | null>(null)
	const [invite, setInvite] = useState("")
	const [verify, setVerify] = useState<Resource | null>(null)
	const [gone, setGone] = useState<Resource | null>(null)
	const mask = useMask()
	useEffect(() => {
		const found = name && list.data?.find((r) => r.name === name)
		if (found) setEdit(found)
	}, [name, !list.data])
	return (
		<>
			<Panel
				title={kind.replace(/_/g, " ")}
				count={list.data?.length ?? ""}
				bare
				actions={
					may("admin") &&
					row && (
						<Button small kind="primary" icon="plus" onClick={() => setEdit("new")}>
							{t("add")}
						</Button>
					)
				}
			>
				<p class="muted" style={{ padding: "8px 12px", borderBottom: "1px solid var(--line)" }}>
					{row?.help}
				</p>
				<Shown of={list} rows={4} empty={<Nothing title={t("none_yet")}>{t("none_yet_hint")}</Nothing>}>
					{(all) => (
						<div class="scroll-x">
							<table class="table">
								<tbody>
									{all.map((r) => (
										<tr key={(r.customer ?? "") + "/" + r.name}>
											<td style={{ width: "26%" }}>
												<button class="button plain small" style={{ fontWeight: 600 }} onClick={() => setEdit(r)}>
													{mask.name(r.name, "N")}
												</button>
												{(((r.spec as { verified?: string[] }).verified ?? []).length > 0) && <Chip tone="good" icon="check">{(r.spec as { verified: string[] }).verified.join(", ")}</Chip>}
												{r.customer && <Chip>{mask.name(r.customer, t("customer"))}</Chip>}
											</td>
											<td class="muted wrap">{mask.text(saying(r))}</td>
											<td class="num muted hide-narrow" title={r.by}>
												{r.managed ? <Chip>{t("from_file")}</Chip> : r.valid_from ? when(r.valid_from) : ""}
											</td>
											<td class="num">
												{kind === "user" && may("admin") && (
													<Button small kind="plain" onClick={() => setVerify(r)}>
														{t("verify")}
													</Button>
												)}
												{kind === "user" && may("admin") && (
													<Button small kind="plain" onClick={() => setInvite(r.name)}>
														{t("invite_short")}
													</Button>
												)}
												{may("admin") && !r.managed && <Button small kind="plain" icon="trash" label={t("remove_of", { name: r.name })} onClick={() => setGone(r)} />}
											</td>
										</tr>
									))}
								</tbody>
							</table>
						</div>
					)}
				</Shown>
			</Panel>
			{edit && (
				<Edit
					kind={kind}
					of={edit === "new" ? undefined : edit}
					onClose={() => {
						setEdit(null)
						setQuery("name", "")
					}}
				/>
			)}
			{verify && <Verify of={verify} onClose={() => setVerify(null)} />}
			{invite && <Invite user={invite} onClose={() => setInvite("")} />}
			{gone && (
				<FormDialog title={t("remove_of", { name: gone.name })} done={t("remove")} danger onClose={() => setGone(null)} onSend={() => save({ kind, name: gone.name, ...(gone.customer ? { customer: gone.customer } : {}), removed: true })}>
					<p>{t("remove_hint")}</p>
				</FormDialog>
			)}
		</>
	)
}

/* ---- tokens ---- */

interface Token {
	id: string
	user: string
	name: string
	created: string
	expires: string | null
}

function Tokens() {
	const list = useGet<Token[]>("/api/tocsin/v1/tokens")
	const [make, setMake] = useState(false)
	const [name, setName] = useState("")
	const [lifetime, setLifetime] = useState("1y")
	const [made, setMade] = useState("")
	const mask = useMask()
	return (
		<>
			<Panel
				title={t("tokens")}
				count={list.data?.length ?? ""}
				bare
				actions={
					!whoAmI()?.no_auth && (
						<Button small kind="primary" icon="plus" onClick={() => setMake(true)}>
							{t("new_token")}
						</Button>
					)
				}
			>
				<Shown of={list} empty={<Nothing title={t("no_token")}>{t("no_token_hint")}</Nothing>}>
					{(all) => (
						<div class="scroll-x">
							<table class="table">
								<thead>
									<tr>
										<th>{t("name")}</th>
										<th>{t("user")}</th>
										<th>{t("made")}</th>
										<th>{t("expires")}</th>
										<th />
									</tr>
								</thead>
								<tbody>
									{all.map((x) => (
										<tr key={x.id}>
											<td>{x.name}</td>
											<td>{mask.name(x.user, "P")}</td>
											<td class="muted">{exactTime(x.created)}</td>
											<td class="muted">{x.expires ? exactTime(x.expires) : t("never")}</td>
											<td class="num">
												<Button small kind="danger" onClick={() => void attempt(() => post(`/api/tocsin/v1/tokens/${x.id}/revoke`), t("revoked"))}>
													{t("revoke")}
												</Button>
											</td>
										</tr>
									))}
								</tbody>
							</table>
						</div>
					)}
				</Shown>
			</Panel>
			{make && (
				<FormDialog
					title={t("new_token")}
					done={t("make")}
					ready={!!name}
					onClose={() => setMake(false)}
					onSend={async () => setMade((await post<{ token: string }>("/api/tocsin/v1/tokens", { name, lifetime })).token)}
				>
					<TextField label={t("name")} hint={t("token_name_hint")} value={name} onInput={setName} required autofocus />
					<SelectField label={t("good_for")} value={lifetime} onInput={setLifetime} options={[["30d", t("days", { n: 30 })], ["1y", t("one_year")], ["0s", t("never_expires")]]} />
				</FormDialog>
			)}
			{made && (
				<Dialog title={t("new_token")} onClose={() => setMade("")}>
					<p>{t("token_once")}</p>
					<p class="mono wrap" style={{ userSelect: "all" }}>
						{made}
					</p>
				</Dialog>
			)}
		</>
	)
}

/* ---- channels ---- */

interface Channel {
	channel: string
	configured: boolean
	how: string
}

function Channels() {
	const list = useGet<Channel[]>("/api/tocsin/v1/channels")
	return (
		<Panel title={t("channels")} bare>
			<Shown of={list} rows={4}>
				{(all) => (
					<ul class="list">
						{all.map((c) => (
							<li key={c.channel} class="row top" style={{ padding: "9px 12px" }}>
								<strong style={{ width: "80px" }}>{t(("channel_" + c.channel) as Word)}</strong>
								<span class="grow wrap">
									{c.configured ? <Chip tone="good" icon="check">{t("configured")}</Chip> : <Chip tone="medium">{t("not_configured")}</Chip>} <span class="muted">{c.how}</span>
								</span>
								{c.configured && may("operator") && (
									<Button small onClick={() => void attempt(() => post("/api/tocsin/v1/drills", { by: c.channel }), t("test_sent"))}>
										{t("send_test")}
									</Button>
								)}
							</li>
						))}
					</ul>
				)}
			</Shown>
		</Panel>
	)
}

function Drills() {
	const list = useGet<{ ticket: number; at: string; by: string; result: string; stages: { name: string; ms: number }[] }[]>("/api/tocsin/v1/drills")
	return (
		<Panel
			title={t("drills")}
			bare
			actions={
				may("operator") && (
					<Button small kind="primary" icon="bell" onClick={() => void attempt(() => post("/api/tocsin/v1/drills", {}), t("drill_started"))}>
						{t("drill_now")}
					</Button>
				)
			}
		>
			<Shown of={list} rows={3} empty={<Nothing title={t("no_drill")}>{t("no_drill_hint")}</Nothing>}>
				{(all) => (
					<div class="scroll-x">
						<table class="table">
							<tbody>
								{all.map((d) => (
									<tr key={d.ticket}>
										<td>
											<a href={`/ticket/${d.ticket}`}>{t("ticket_n", { n: d.ticket })}</a>
										</td>
										<td class="muted">{when(d.at)}</td>
										<td>{d.result}</td>
										<td class="muted wrap">{d.stages.map((s) => `${s.name} ${s.ms} ms`).join(" → ")}</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				)}
			</Shown>
		</Panel>
	)
}

function Audit() {
	const list = useGet<JournalEvent[]>("/api/tocsin/v1/events?latest=500")
	const wanted = new Set(["resource_applied", "samples_changed", "access_changed", "access_denied", "redacted", "heads_signed", "started", "core_missing", "core_back"])
	return (
		<Panel title={t("audit")} bare>
			<Shown of={list} rows={6}>
				{(all) => {
					const mine = all.filter((e) => wanted.has(e.kind)).reverse()
					return mine.length ? <Timeline events={mine} /> : <Nothing title={t("nothing_happened")} />
				}}
			</Shown>
		</Panel>
	)
}

export function Admin() {
	const { query } = usePlace()
	const view = query.get("view") ?? "user"
	const views: [string, string][] = [...kinds.map((k): [string, string] => [k, k.replace(/_/g, " ")]), ["tokens", t("tokens")], ["channels", t("channels")], ["drills", t("drills")], ["audit", t("audit")]]
	return (
		<>
			<PageHead title={t("admin")} />
			<div class="page">
				<nav class="row flow" aria-label={t("admin")} style={{ gap: "4px" }}>
					{views.map(([v, text]) => (
						<a key={v} class="button small" href={`/admin?view=${v}`} aria-current={v === view ? "page" : undefined} style={v === view ? { background: "var(--accent-soft)", color: "var(--accent)", borderColor: "var(--accent)" } : undefined}>
							{text}
						</a>
					))}
				</nav>
				{kinds.includes(view) && <Resources key={view} kind={view} name={query.get("name") ?? ""} />}
				{view === "tokens" && <Tokens />}
				{view === "channels" && <Channels />}
				{view === "drills" && <Drills />}
				{view === "audit" && <Audit />}
			</div>
		</>
	)
}
