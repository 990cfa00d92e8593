namespace PgListener.Filters;

/// <summary>A filter without a class.</summary>
internal sealed class DelegateFilter(Func<NotificationFilterContext, NotificationFilterDelegate, CancellationToken, Task> filter) : INotificationFilter
{
    public Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken) => filter(context, next, cancellationToken);
}
