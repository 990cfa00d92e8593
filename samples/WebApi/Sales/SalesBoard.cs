namespace WebApi.Sales;

/// <summary>The latest sales, in memory, for the endpoints that show them. Only the handler writes.</summary>
internal sealed class SalesBoard
{
    private volatile IReadOnlyList<ProductSales>? _products;

    /// <summary>There is a new list.</summary>
    public event EventHandler? Changed;

    /// <summary>The best-selling first; <see langword="null"/> before they were read for the first time. A new list with every change.</summary>
    public IReadOnlyList<ProductSales>? Products => _products;

    public void Set(ProductSales sales) => Replace((_products ?? []).Where(other => other.Product != sales.Product).Append(sales));

    public void Replace(IEnumerable<ProductSales> products)
    {
        _products = [.. products.OrderByDescending(product => product.Quantity).ThenBy(product => product.Product, StringComparer.Ordinal)];
        Changed?.Invoke(this, EventArgs.Empty);
    }
}
