// Prices for a quantity of a product: the catalog knows what one costs, the tax desk knows the tax.
//
// Ownership follows the bindings: arguments of an exported function are ours to free, and so are the results of an
// imported one; what an exported function returns is freed by the bindings once the caller has it.

#include "pricing.h"

typedef exports_shop_pricing_quotes_borrow_product_t product_t;
typedef exports_shop_pricing_quotes_price_t price_t;
typedef exports_shop_pricing_quotes_quote_t quote_t;
typedef exports_shop_pricing_quotes_refusal_t refusal_t;

// The most that one order may have. Below it, only a price of more than 2^50 cents could overflow.
static const uint32_t LIMIT = 1000;

static uint32_t discount_percent(uint32_t quantity) {
  if (quantity >= 50) return 10;
  if (quantity >= 10) return 5;
  return 0;
}

static bool is_sellable(product_t product, uint32_t quantity, refusal_t *refusal) {
  uint32_t stock;
  if (quantity == 0) {
    refusal->tag = EXPORTS_SHOP_PRICING_QUOTES_REFUSAL_QUANTITY_IS_ZERO;
    return false;
  }
  if (quantity > LIMIT) {
    refusal->tag = EXPORTS_SHOP_PRICING_QUOTES_REFUSAL_OVER_LIMIT;
    refusal->val.over_limit = LIMIT;
    return false;
  }
  if (shop_catalog_api_method_product_stock(product, &stock) && quantity > stock) {
    refusal->tag = EXPORTS_SHOP_PRICING_QUOTES_REFUSAL_OUT_OF_STOCK;
    refusal->val.out_of_stock = stock;
    return false;
  }
  return true;
}

static price_t price_of(const shop_catalog_api_item_t *item, uint32_t quantity) {
  uint64_t total = item->price * quantity;
  uint32_t percent = discount_percent(quantity);
  uint64_t off = total * percent / 100;
  return (price_t){
      .unit = item->price,
      .quantity = quantity,
      .discount = {.is_some = percent != 0, .val = {.percent = percent, .amount = off}},
      .net = total - off,
  };
}

bool exports_shop_pricing_quotes_net(product_t product, uint32_t quantity, price_t *price, refusal_t *refusal) {
  if (!is_sellable(product, quantity, refusal)) return false;

  shop_catalog_api_item_t item;
  shop_catalog_api_method_product_details(product, &item);
  *price = price_of(&item, quantity);
  shop_catalog_api_item_free(&item);
  return true;
}

bool exports_shop_pricing_quotes_consumer(product_t product, uint32_t quantity, pricing_string_t *destination,
                                          quote_t *quote, refusal_t *refusal) {
  bool sellable = is_sellable(product, quantity, refusal);
  bool taxed = false;
  if (sellable) {
    shop_catalog_api_item_t item;
    shop_catalog_api_method_product_details(product, &item);
    quote->price = price_of(&item, quantity);

    acme_tax_rates_sale_t sale = {.destination = *destination, .tags = item.tags, .net = quote->price.net};
    taxed = acme_tax_rates_assess(&sale, &quote->tax, &refusal->val.tax);
    if (taxed) {
      quote->gross = quote->price.net + quote->tax.amount;
    } else {
      refusal->tag = EXPORTS_SHOP_PRICING_QUOTES_REFUSAL_TAX;
    }
    shop_catalog_api_item_free(&item);
  }
  pricing_string_free(destination);
  return taxed;
}

void exports_shop_pricing_quotes_tax_book(exports_shop_pricing_quotes_book_t *book) {
  acme_tax_rates_totals(book);
}
