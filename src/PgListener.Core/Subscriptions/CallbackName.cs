using System.Reflection;

namespace PgListener.Subscriptions;

/// <summary>What a subscription without a name of its own is called: by the method that is called for its notifications.</summary>
internal static class CallbackName
{
    private const string LocalFunction = ">g__";

    /// <summary>
    /// The method's name; of a local function the name it has in the source; of a lambda the name of the method it stands in, or of the class if
    /// it stands in a constructor.
    /// </summary>
    public static string Of(Delegate callback) => OfMethod(callback) ?? OfLambda(callback.Method);

    /// <summary>The method's name; of a local function the name it has in the source. <see langword="null"/> for a lambda, which has none.</summary>
    public static string? OfMethod(Delegate callback)
    {
        var name = callback.Method.Name;
        if (!name.StartsWith('<'))
            return name;

        if (name.LastIndexOf(LocalFunction, StringComparison.Ordinal) is not (>= 0 and var found))
            return null;

        var local = name.AsSpan(found + LocalFunction.Length);
        return (local.IndexOf('|') is >= 0 and var end ? local[..end] : local).ToString();
    }

    private static string OfLambda(MethodInfo lambda)
    {
        var outer = lambda.Name.AsSpan().TrimStart('<');
        var method = (outer.IndexOf('>') is >= 0 and var close ? outer[..close] : outer).ToString();
        if (!method.StartsWith('.'))
            return method;

        var type = lambda.DeclaringType;
        while (type is { DeclaringType: { } declaring } && type.Name.StartsWith('<'))
            type = declaring;
        return type?.Name ?? method;
    }
}
