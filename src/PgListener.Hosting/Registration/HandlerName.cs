namespace PgListener.Registration;

/// <summary>The names of handler classes in settings, logs and metrics: as short as possible, and unique within the listener.</summary>
internal static class HandlerName
{
    /// <summary>Gives each class a unique name.</summary>
    public static Dictionary<Type, string> OfAll(IEnumerable<Type> types)
    {
        var names = new Dictionary<Type, string>();
        Name([.. types.Distinct()], declaringTypes: 0);
        return names;

        void Name(Type[] unnamed, int declaringTypes)
        {
            foreach (var alike in unnamed.GroupBy(type => OfNested(type, declaringTypes), StringComparer.OrdinalIgnoreCase))
            {
                if (alike.Count() == 1)
                    names.Add(alike.Single(), alike.Key);
                else if (alike.Any(type => OfNested(type, declaringTypes + 1) != alike.Key))
                    Name([.. alike], declaringTypes + 1);
                else
                    Array.ForEach([.. alike], type => names.Add(type, $"{type.Namespace}.{alike.Key}"));
            }
        }
    }

    /// <summary>
    /// <c>OrderHandler</c>; for <c>JobHandler&lt;Mails&gt;</c>, <c>JobHandlerOfMails</c>, which can also be part of an environment variable's name.
    /// </summary>
    public static string Of(Type type)
    {
        if (type.IsArray)
            return $"{Of(type.GetElementType()!)}Array";

        var name = WithoutArity(type);
        return type.IsGenericType ? $"{name}Of{string.Join("And", type.GetGenericArguments().Select(Of))}" : name;
    }

    /// <summary><c>PlaceOrder.Handler</c>: the name with a given number of the classes that it is declared in.</summary>
    private static string OfNested(Type type, int declaringTypes)
    {
        var name = Of(type);
        for (var declaring = type.DeclaringType; declaring is not null && declaringTypes > 0; declaring = declaring.DeclaringType, declaringTypes--)
            name = $"{WithoutArity(declaring)}.{name}";
        return name;
    }

    /// <summary>A class that is declared in a generic one is generic too, but its own name does not say so.</summary>
    private static string WithoutArity(Type type)
        => type.Name.IndexOf('`', StringComparison.Ordinal) is >= 0 and var arity ? type.Name[..arity] : type.Name;
}
