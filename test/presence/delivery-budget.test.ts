import { expect, it } from "vitest";
import { DeliveryBudget } from "../../src/presence/delivery-budget.js";

it("uses a changed limit from the next refill on", () => {
  const limits = { subscriptionDeliveries: 10 };
  const budget = new DeliveryBudget(limits);
  budget.refill(0);
  budget.spend(10);
  expect(budget.isSpent).toBe(true);
  limits.subscriptionDeliveries = 1000;
  budget.refill(100);
  budget.spend(99);
  expect(budget.isSpent, "a tenth of a second gives 100 deliveries").toBe(false);
  limits.subscriptionDeliveries = 5;
  budget.refill(10_000);
  budget.spend(5);
  expect(budget.isSpent, "no more than a second's deliveries remain available").toBe(true);
});
