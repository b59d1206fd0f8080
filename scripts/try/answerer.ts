/** A container's application: answers each line that it gets with its name, as long as it is asked. `bun answerer.ts NAME PORT`. */
const [name = "", port = ""] = process.argv.slice(2);

Bun.listen({
  hostname: "0.0.0.0",
  port: Number(port),
  socket: {
    data(socket, data) {
      const questions = data.toString().split("\n").length - 1;
      socket.write(`${name}\n`.repeat(questions));
    },
  },
});
console.log("ready");
