using Microsoft.Extensions.Logging;

namespace PgListener.EntityFrameworkCore.Telemetry;

/// <summary>The log events of contexts, 760 to 769.</summary>
internal static partial class EntityFrameworkLog
{
    [LoggerMessage(760, LogLevel.Warning, "{Count} value(s) published on a {Context} were never sent, because the context was disposed of or returned to its pool without SaveChanges. Call SaveChanges or SaveChangesAsync after Publish; it sends them even if there are no changes.")]
    public static partial void PublishedButNotSaved(this ILogger logger, int count, Type context);
}
