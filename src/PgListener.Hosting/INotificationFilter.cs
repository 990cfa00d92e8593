using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>Runs around the calls of a hosted listener's handlers. Use it for code that many handlers have in common, such as a transaction, a tenant, or a retry.</summary>
/// <remarks>
/// <para>
/// Add it with <c>AddFilter</c> on the listener's builder, for all of its handlers, or on the settings of one handler. A listener's filters run outside a
/// handler's own, and among each of them, the first that was added is the outermost. They run for notifications and for gaps (<see cref="NotificationFilterContext.Resync"/>).
/// </para>
/// <para>
/// A filter is resolved in the scope of the call when its turn comes, and so is the handler after the last filter. Inner filters and the handler therefore get the
/// scoped services that a filter has set up before it calls <c>next</c>.
/// </para>
/// <para>
/// Malformed payloads, streams (<c>ReadAllAsync</c>, <c>ReadItemsAsync</c>) and the callbacks of <c>SubscribeAsync</c> do not pass through filters.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// public sealed class TimingFilter(ILogger&lt;TimingFilter&gt; logger) : INotificationFilter
/// {
///     public async Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken)
///     {
///         var start = Stopwatch.GetTimestamp();
///         await next(cancellationToken);
///         logger.LogInformation("{Handler} took {Elapsed}", context.HandlerName, Stopwatch.GetElapsedTime(start));
///     }
/// }
/// </code>
/// </example>
public interface INotificationFilter
{
    /// <summary>Executes the filter for one call of a handler.</summary>
    /// <param name="context">The notification or gap, and the scope of the call.</param>
    /// <param name="next">Runs the inner filters and the handler. If the filter does not call it, the handler is not called, and the notification counts as handled.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the handler's <see cref="HandlerOptions.Timeout"/> has elapsed, when the time to stop has run out, or when an outer filter cancels it.
    /// </param>
    /// <returns>A task that completes when the call is over. An exception that leaves the outermost filter is logged and counted as a failure of the handler.</returns>
    [SuppressMessage("Naming", "CA1716", Justification = "It is what every kind of middleware in .NET calls it.")]
    Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken);
}
