using Microsoft.Extensions.Logging;

namespace PgListener.ChangeTokens;

/// <summary>The log event of change tokens, with the id 745, which is never reused.</summary>
internal static partial class ChangeTokensLog
{
    [LoggerMessage(745, LogLevel.Error, "{Count} callback(s) of change tokens for {Table} have failed. The others were called. The first failure is attached.")]
    public static partial void TokenCallbacksFailed(this ILogger logger, Exception exception, string table, int count);
}
