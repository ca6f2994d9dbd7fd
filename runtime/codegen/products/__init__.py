"""Matrix products, and what is fused behind them."""
