using System.Diagnostics.CodeAnalysis;

namespace PgListener;

/// <summary>Runs around the calls of a hosted listener's handlers: for what is the same for many of them, such as a transaction, a tenant, or a retry.</summary>
/// <remarks>
/// <para>
/// Add it with <c>AddFilter</c> on the listener's builder, for all of its handlers, or on the settings of one handler. A listener's filters run around a
/// handler's own, and of each the one that was added first is the outermost. They run for notifications and for gaps (<see cref="NotificationFilterContext.Resync"/>).
/// </para>
/// <para>
/// A filter is resolved in the scope of the call when its turn comes, and so is the handler after the last filter: what a filter sets up in the scope before it
/// calls <c>next</c>, those inside it find there.
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
    /// <summary>Runs around one call of a handler.</summary>
    /// <param name="context">What the handler is called for, and the scope it is called in.</param>
    /// <param name="next">Runs what is inside this filter. Without a call of it, the handler is not called, and the notification counts as handled.</param>
    /// <param name="cancellationToken">
    /// Canceled when the handler's <see cref="HandlerOptions.Timeout"/> has elapsed, when the host stops and cannot wait any longer, or when a filter outside this one cancels it.
    /// </param>
    /// <returns>A task that completes when the call is over. An exception fails the call: outside the outermost filter it is handled as one of the handler's.</returns>
    [SuppressMessage("Naming", "CA1716", Justification = "It is what every kind of middleware in .NET calls it.")]
    Task InvokeAsync(NotificationFilterContext context, NotificationFilterDelegate next, CancellationToken cancellationToken);
}
