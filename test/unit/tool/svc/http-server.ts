/** A thread that answers each connection to a unix socket with the next of some answers, part by part: `undefined` lets one wait. */
declare const self: Worker;

self.onmessage = ({ data: [path, answers] }: MessageEvent<[string, string[][]]>) => {
  let next = 0;
  Bun.listen({
    unix: path,
    socket: {
      async data(socket) {
        for (const part of answers[next++] ?? []) {
          if (part === "wait") await Bun.sleep(150);
          else socket.write(part);
          socket.flush();
          await Bun.sleep(2);
        }
        socket.end();
      },
    },
  });
  self.postMessage("listening");
};
