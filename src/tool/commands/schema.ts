import { Argument, Command } from "commander";
import type { Define } from "../define.ts";
import { fileOf, jsonSchemaOf, SUBJECTS, type Subject } from "../json-schema.ts";
import { writeFiles } from "../output/files.ts";
import { jsonText } from "../output/json.ts";
import { printed } from "../world.ts";

const EXAMPLES = `
Examples:
  berth schema > list.schema.json          # of network configuration lists (.conflist)
  berth schema bridge                      # of one plugin's configuration (.conf), with its IPAM plugin's keys
  berth schema --dir /etc/cni/schemas      # all, a file each

An editor completes and checks a configuration that says where its schema is: "$schema": "./list.schema.json".
Plugins and runtimes pass over that key.
`;

export const schemaCommand: Define = (_, finish) =>
  new Command("schema")
    .description("print the JSON Schema of lists or of a plugin's configuration, for editors")
    .addArgument(new Argument("[subject]", "of what").choices(SUBJECTS).default("list"))
    .option("--dir <directory>", "write all of them there, a file each: NAME.schema.json")
    .addHelpText("after", EXAMPLES)
    .action((subject: Subject, { dir }: { dir?: string }) => {
      if (dir === undefined) return finish(printed(jsonText(jsonSchemaOf(subject))));
      const texts = SUBJECTS.map((one) => [fileOf(one), jsonText(jsonSchemaOf(one))] as const);
      finish(
        printed(
          writeFiles(dir, texts)
            .map((path) => `${path}\n`)
            .join(""),
        ),
      );
    });
