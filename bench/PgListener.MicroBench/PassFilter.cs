namespace PgListener.MicroBench;

/// <summary>A filter that does nothing, as one that awaits is written.</summary>
public sealed class PassFilter : INotificationFilter
{
    public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken) => await next(cancellationToken);
}
