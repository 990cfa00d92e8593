using System.Reflection;

namespace PgListener.Subscriptions;

/// <summary>The name of a subscription that was not given one: that of its callback's method.</summary>
internal static class CallbackName
{
    private const string LocalFunction = ">g__";

    /// <summary>
    /// The method's name; for a local function, its name in the source; for a lambda, the name of the method that contains it, or of the class if
    /// a constructor contains it.
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
