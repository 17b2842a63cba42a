// Shows the OpenAPI description with Swagger UI, from files of this server only.
(() => {
  "use strict";
  const root = document.documentElement;
  const csrf = document.querySelector("meta[name=csrf-token]").content;
  const themed = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
  themed();
  new MutationObserver(themed).observe(root, { attributeFilter: ["data-bs-theme"] });

  // Swagger's own layout brings a second <main>, a second <h1> and a badge; this page has its own frame already
  const frame = ({ React }) => ({
    components: {
      QuietFrame: ({ getComponent, specSelectors }) => {
        const part = (name) => React.createElement(getComponent(name, true), { key: name });
        if (specSelectors.loadingStatus() !== "success") return part("errors");
        return React.createElement("div", { className: "swagger-ui" }, [
          part("SvgAssets"),
          part("errors"),
          part("AuthorizeBtnContainer"),
          part("operations"),
          part("Models"),
        ]);
      },
    },
  });

  // What Swagger leaves without a name or out of the keyboard's reach
  const api = document.getElementById("api");
  const complete = () => {
    for (const field of api.querySelectorAll("select:not([aria-label]), textarea:not([aria-label])")) {
      if (field.labels.length) continue;
      const row = field.closest("tr[data-param-name]");
      field.setAttribute("aria-label", row ? row.dataset.paramName : "Body of the request");
    }
    for (const region of api.querySelectorAll("[role=region]:not([aria-label])")) {
      const call = region.closest(".opblock")?.querySelector(".opblock-summary-path")?.textContent ?? "";
      const method = region.closest(".opblock")?.querySelector(".opblock-summary-method")?.textContent ?? "";
      region.removeAttribute("aria-labelledby");
      region.setAttribute("aria-label", `Answers of ${method} ${call}`);
    }
    for (const scrolled of api.querySelectorAll("pre:not([tabindex])")) scrolled.tabIndex = 0;
  };
  new MutationObserver(complete).observe(api, { childList: true, subtree: true });

  window.SwaggerUIBundle({
    dom_id: "#api",
    url: api.dataset.openapi,
    layout: "QuietFrame",
    plugins: [frame],
    validatorUrl: null, // it would send the description to a server of others
    deepLinking: false, // its links would stand inside buttons
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    persistAuthorization: false, // a token must not stay in a shared browser
    requestInterceptor: (request) => {
      // a signed-in person's cookie needs this on writes; a token does not mind it
      if (!["GET", "HEAD"].includes(request.method ?? "GET")) request.headers["X-CSRFToken"] = csrf;
      return request;
    },
  });
})();
