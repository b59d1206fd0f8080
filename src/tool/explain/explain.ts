import { endpoint } from "../../base/endpoint.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import { type Host, ThisHost } from "../../host/host.ts";
import type { Plugin } from "../../spec/plugin.ts";
import type { Attachment } from "../node/attachments.ts";
import { aimAway } from "./aim.ts";
import { complaintsOf } from "./complaints.ts";
import type { Aim, Subject } from "./facts.ts";
import { portsOf } from "./find.ts";
import { gather } from "./gather.ts";
import { broken, type Hop } from "./hop.ts";
import { explainPort, mappingOf, type PortQuestion } from "./inward.ts";
import { outwardHops } from "./outward.ts";
import { bareSubject, subjectOf } from "./subject.ts";
import { type Belongings, belongingsOf } from "./whose.ts";

/** What is asked about a container. */
export interface Question {
  /** Absent: somewhere off the machine. */
  readonly to?: Aim | undefined;
  /** A port of the host, instead of that. */
  readonly port?: Omit<PortQuestion, "mapping"> | undefined;
  /** Only whose it is: nothing is sent. */
  readonly whose: boolean;
  /** Where plugins are found: CNI_PATH. */
  readonly path: readonly string[];
}

/** The answer about one attachment, or one bare namespace. */
export interface Explanation {
  readonly belongings: Belongings | undefined;
  /** Whither the packet was to go: "1.1.1.1:443/tcp"; undefined where none was followed. */
  readonly aim: string | undefined;
  readonly hops: readonly Hop[];
}

/** Follows a packet of an attachment. Throws NetlinkError, SysError, Explained. */
export function explainAttachment(attachment: Attachment, question: Question, plugins: readonly Plugin[]): Explanation {
  using host = new ThisHost();
  const belongings = belongingsOf(attachment);
  if (question.whose) return { belongings, aim: undefined, hops: [] };
  const subject = attachment.life.is === "gone" ? undefined : subjectOf(host, attachment);
  if (!subject) return { belongings, aim: undefined, hops: [goneHop(attachment)] };
  const { cached } = attachment;
  const surroundings = { netns: subject.netns, path: question.path };
  const complaints = () => cached && complaintsOf(cached, surroundings, plugins);
  if (question.port) {
    const mapping = mappingOf(portsOf(attachment), question.port);
    return { belongings, ...portExplained(host, subject, { ...question.port, mapping }, complaints) };
  }
  return { belongings, ...explainSubject(host, subject, question, complaints) };
}

/** The same of a namespace of which nothing on the node knows. */
export function explainNamespace(path: string, question: Question): Explanation {
  using host = new ThisHost();
  const subject = bareSubject(path);
  const nobody = () => undefined;
  if (question.port) {
    return { belongings: undefined, ...portExplained(host, subject, { ...question.port, mapping: undefined }, nobody) };
  }
  return { belongings: undefined, ...explainSubject(host, subject, question, nobody) };
}

type AskComplaints = () => ReturnType<typeof complaintsOf> | undefined;

function portExplained(
  host: Host,
  subject: Subject,
  question: PortQuestion,
  complaints: AskComplaints,
): Omit<Explanation, "belongings"> {
  const site = { host, sandbox: host.openSandbox(subject.netns) };
  const { to, hops } = explainPort(site, subject, question, complaints());
  return { aim: `${endpoint(to, question.port)}/${question.transport} from ${question.from}`, hops };
}

function explainSubject(
  host: Host,
  subject: Subject,
  { to }: Question,
  complaints: AskComplaints,
): Omit<Explanation, "belongings"> {
  const sandbox = host.openSandbox(subject.netns);
  const aim = to ?? aimAway(firstAddress(subject));
  const facts = gather({ host, sandbox }, subject, aim, complaints());
  return {
    aim: `${endpoint(aim.to, aim.transport === "icmp" ? 0 : aim.toPort)}/${aim.transport}`,
    hops: outwardHops(facts),
  };
}

const firstAddress = ({ expected }: Subject): Ip | undefined => expected.addresses[0]?.ip;

function goneHop({ owner, life, leases, cached }: Attachment): Hop {
  const because = life.is === "gone" ? life.because : "no network namespace of it is found";
  const addresses = leases.map(({ ip }) => formatIp(ip)).join(", ");
  return broken("container", {
    what: `container ${owner.containerId} is gone`,
    evidence: because,
    consequence: addresses ? `its address ${addresses} is still leased` : "what is left of it is of no use",
    mend: cached ? [`berth gc ${owner.network} --from-runtime --yes`] : [],
  });
}
