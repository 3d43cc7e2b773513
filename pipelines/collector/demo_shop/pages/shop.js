// A small wholesaler's shop. What a shop of one's own takes from here are the calls of analytics: load, identify, track.
"use strict";

const PRODUCTS = [
  { sku: "YP100234", name: "阿莫西林胶囊", form: "0.25g×24粒", maker: "东江药业", category: "抗生素", price: "8.60" },
  { sku: "YP100235", name: "阿莫西林克拉维酸钾片", form: "0.375g×12片", maker: "北辰制药", category: "抗生素", price: "21.50" },
  { sku: "YP100301", name: "布洛芬缓释胶囊", form: "0.3g×20粒", maker: "南岭药业", category: "解热镇痛", price: "15.80" },
  { sku: "YP100302", name: "对乙酰氨基酚片", form: "0.5g×12片", maker: "北辰制药", category: "解热镇痛", price: "3.20" },
  { sku: "YP100410", name: "感冒灵颗粒", form: "10g×9袋", maker: "云川药业", category: "感冒用药", price: "11.90" },
  { sku: "YP100411", name: "板蓝根颗粒", form: "10g×20袋", maker: "云川药业", category: "感冒用药", price: "27.40" },
  { sku: "YP100520", name: "苯磺酸氨氯地平片", form: "5mg×28片", maker: "西川制药", category: "心血管", price: "32.00" },
  { sku: "YP100630", name: "二甲双胍缓释片", form: "0.5g×30片", maker: "东江药业", category: "糖尿病", price: "24.60" },
];

const analytics = AnalyticsNext.AnalyticsBrowser.load(
  { writeKey: "demo-shop", cdnURL: location.origin },
  { initialPageview: false },
);

const at = (id) => document.getElementById(id);
const { make } = panel;
const favorites = new Set();
const basket = new Map();
let shownProducts = PRODUCTS;
let search = null; // the search whose results are on the page

function track(name, properties) {
  const company = at("customer").value;
  return analytics.track(name, properties, company ? { context: { groupId: company } } : {});
}

at("customer").addEventListener("change", () => {
  const chosen = at("customer").selectedOptions[0];
  if (chosen.value) analytics.identify(chosen.dataset.buyer);
  else analytics.reset();
});

at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = at("query").value.trim();
  search = null;
  shownProducts = PRODUCTS;
  if (query) {
    shownProducts = PRODUCTS.filter((product) => [product.name, product.category, product.maker, product.sku].some((text) => text.includes(query)));
    search = { query, search_id: crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}` };
    track("Products Searched", search);
    track("Search Results Shown", { ...search, result_count: shownProducts.length, page: 1, sku_ids: shownProducts.map(({ sku }) => sku) });
  }
  at("found").hidden = !query;
  at("found").textContent = shownProducts.length ? `“${query}” 共 ${shownProducts.length} 个商品` : `没有找到 “${query}”，换个词试试`;
  at("detail").hidden = true;
  drawProducts();
});

at("order").addEventListener("click", () => {
  const lines = [...basket].map(([product, quantity]) => ({ sku: product.sku, quantity, price: product.price, name: product.name }));
  const order_id = `DEMO-${Date.now()}`;
  track("Order Completed", { order_id, total: total(), currency: "CNY", products: lines });
  basket.clear();
  drawBasket();
  at("ordered").hidden = false;
  at("ordered").textContent = `订单 ${order_id} 已提交`;
});

function openProduct(product, position) {
  track("Product Clicked", { sku: product.sku, position, list: search ? "search" : "home", ...(search && { search_id: search.search_id }) });
  track("Product Viewed", { sku: product.sku, name: product.name, price: product.price, category: product.category, source: search ? "search" : "home", ...(search && { search_id: search.search_id }) });
  const quantity = make("input", { type: "number", min: 1, max: 9999, value: 10, ariaLabel: "数量" });
  const add = make("button", { textContent: "加入进货单" });
  add.addEventListener("click", () => {
    basket.set(product, (basket.get(product) ?? 0) + Math.max(1, Math.trunc(Number(quantity.value)) || 1));
    at("ordered").hidden = true;
    drawBasket();
  });
  at("detail").replaceChildren(
    make("h2", { textContent: product.name }),
    make("p", { className: "note", textContent: `${product.form} · ${product.maker} · ${product.category} · ${product.sku}` }),
    make("p", { className: "price", textContent: `¥${product.price}` }),
    make("div", { className: "buy" }, [quantity, add]),
  );
  at("detail").hidden = false;
  at("detail").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

function toggleFavorite(product, button) {
  const isAdded = !favorites.delete(product.sku);
  if (isAdded) favorites.add(product.sku);
  track(isAdded ? "Product Added to Wishlist" : "Product Removed from Wishlist", { sku: product.sku, name: product.name });
  drawFavorite(product, button);
}

function drawFavorite(product, button) {
  const isFavorite = favorites.has(product.sku);
  button.textContent = isFavorite ? "★" : "☆";
  button.ariaLabel = `${isFavorite ? "取消收藏" : "收藏"} ${product.name}`;
  button.ariaPressed = String(isFavorite);
}

function drawProducts() {
  at("products").replaceChildren(
    ...shownProducts.map((product, place) => {
      const open = make("button", { className: "open", textContent: product.name });
      open.addEventListener("click", () => openProduct(product, place + 1));
      const favorite = make("button", { className: "favorite" });
      favorite.addEventListener("click", () => toggleFavorite(product, favorite));
      drawFavorite(product, favorite);
      const card = make("article", { className: "card product" }, [
        make("div", { className: "line" }, [open, favorite]),
        make("p", { className: "note", textContent: `${product.form} · ${product.maker}` }),
        make("p", { className: "price", textContent: `¥${product.price}` }),
      ]);
      card.dataset.sku = product.sku;
      return card;
    }),
  );
}

function total() {
  const fen = [...basket].reduce((sum, [product, quantity]) => sum + Math.round(Number(product.price) * 100) * quantity, 0);
  return `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;
}

function drawBasket() {
  at("basket").replaceChildren(
    ...[...basket].map(([product, quantity]) => make("li", {}, [make("span", { textContent: product.name }), make("span", { textContent: `× ${quantity}` })])),
  );
  at("total").textContent = `¥${total()}`;
  at("order").disabled = basket.size === 0;
}

drawProducts();
