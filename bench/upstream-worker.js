// The internet as the measured Worker sees it: every address answers as the one issuer of login tokens, with the public
// key of the `JWKS` binding. Nothing leaves the machine.
export default {
  fetch(request, env) {
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/.well-known/openid-configuration") {
      return Response.json({ issuer: origin, jwks_uri: `${origin}/jwks.json` });
    }
    if (pathname === "/jwks.json") {
      return new Response(env.JWKS, {
        headers: { "content-type": "application/json", "cache-control": "max-age=3600" },
      });
    }
    return new Response(null, { status: 404 });
  },
};
