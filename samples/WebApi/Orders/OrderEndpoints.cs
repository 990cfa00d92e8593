using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace WebApi.Orders;

internal static class OrderEndpoints
{
    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        var orders = routes.MapGroup("/orders").WithTags("Orders").ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        orders.MapPost("", PlaceAsync)
            .ProducesValidationProblem()
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType);
        orders.MapGet("", LatestAsync).ProducesValidationProblem();
        orders.MapGet("/{id:long}", FindAsync).WithName("order").ProducesProblem(StatusCodes.Status404NotFound);
        orders.MapGet("/stream", Stream);
    }

    /// <summary>Places an order.</summary>
    private static async Task<CreatedAtRoute<Order>> PlaceAsync([FromBody] NewOrder order, IOrderStore store, CancellationToken cancellationToken)
    {
        var placed = await store.PlaceAsync(order, cancellationToken);
        return TypedResults.CreatedAtRoute(placed, "order", new { id = placed.Id });
    }

    /// <summary>The latest orders, newest first.</summary>
    private static async Task<Ok<List<Order>>> LatestAsync(IOrderStore store, CancellationToken cancellationToken, [Range(1, 500)] int limit = 50)
        => TypedResults.Ok(await store.LatestAsync(limit, cancellationToken));

    /// <summary>One order.</summary>
    private static async Task<Results<Ok<Order>, NotFound>> FindAsync(long id, IOrderStore store, CancellationToken cancellationToken)
        => await store.FindAsync(id, cancellationToken) is { } order ? TypedResults.Ok(order) : TypedResults.NotFound();

    /// <summary>Orders as they are placed, as server-sent events. A browser that comes back sends the id of the last event that it has got, and gets what follows.</summary>
    private static ServerSentEventsResult<object> Stream([FromHeader(Name = "Last-Event-ID")] string? lastEventId, OrderStream stream, CancellationToken cancellationToken)
        => TypedResults.ServerSentEvents(stream.ReadAsync(lastEventId, cancellationToken));
}
