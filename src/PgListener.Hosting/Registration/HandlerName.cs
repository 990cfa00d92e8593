namespace PgListener.Registration;

/// <summary>What a handler's class is called in settings, logs and metrics: without namespace, and with the types of a generic one.</summary>
internal static class HandlerName
{
    /// <summary><c>OrderHandler</c>; of <c>JobHandler&lt;Mails&gt;</c>, <c>JobHandlerOfMails</c>, which can also be part of an environment variable's name.</summary>
    public static string? Of(Type? type)
    {
        if (type is not { IsGenericType: true })
            return type?.Name;

        var name = type.Name.AsSpan(0, type.Name.IndexOf('`', StringComparison.Ordinal));
        return $"{name}Of{string.Join("And", type.GetGenericArguments().Select(Of))}";
    }
}
