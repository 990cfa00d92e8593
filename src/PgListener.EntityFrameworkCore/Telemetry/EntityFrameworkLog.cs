using Microsoft.Extensions.Logging;

namespace PgListener.EntityFrameworkCore.Telemetry;

/// <summary>The log events of contexts, 760 to 769.</summary>
internal static partial class EntityFrameworkLog
{
    [LoggerMessage(760, LogLevel.Warning, "{Count} value(s) that a {Context} published were never sent, because it was disposed of without SaveChanges. Call SaveChanges or SaveChangesAsync after Publish; it sends them even if there are no changes.")]
    public static partial void PublishedButNotSaved(this ILogger logger, int count, Type context);
}
