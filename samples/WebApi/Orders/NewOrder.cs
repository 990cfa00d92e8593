using System.ComponentModel.DataAnnotations;

namespace WebApi.Orders;

/// <summary>The body of a request that places an order.</summary>
/// <param name="Product">What to buy: 1 to 60 characters.</param>
/// <param name="Quantity">How many: 1 to 1000.</param>
public sealed record NewOrder(
    [Required, StringLength(60), RegularExpression(@"^\P{Cc}*$", ErrorMessage = "The field Product must not contain control characters.")] string Product,
    [Range(1, 1000)] int Quantity);
